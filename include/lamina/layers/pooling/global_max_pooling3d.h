#ifndef LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING3D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING3D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each channel over all 3 spatial axes. Keras: layers.GlobalMaxPooling3D.
class GlobalMaxPooling3D : public GlobalPoolingBase<GlobalMaxPooling3D, 3, true> {
public:
  GlobalMaxPooling3D() : GlobalMaxPooling3D(Options()) {}
  explicit GlobalMaxPooling3D(const Options &options) : GlobalPoolingBase(options) {}
};

LAMINA_REGISTER_LAYER(GlobalMaxPooling3D, "keras");

} // namespace lamina::layers

#endif
