#ifndef LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING2D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING2D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each channel over all 2 spatial axes. Keras: layers.GlobalMaxPooling2D.
class GlobalMaxPooling2D : public GlobalPoolingBase<GlobalMaxPooling2D, 2, true> {
public:
  GlobalMaxPooling2D() : GlobalMaxPooling2D(Options()) {}
  explicit GlobalMaxPooling2D(const Options &options) : GlobalPoolingBase(options) {}
};

LAMINA_REGISTER_LAYER(GlobalMaxPooling2D, "keras");

} // namespace lamina::layers

#endif
