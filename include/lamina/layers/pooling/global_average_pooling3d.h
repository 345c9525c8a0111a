#ifndef LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING3D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING3D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each channel over all 3 spatial axes. Keras: layers.GlobalAveragePooling3D.
class GlobalAveragePooling3D : public GlobalPoolingBase<GlobalAveragePooling3D, 3, false> {
public:
  GlobalAveragePooling3D() : GlobalAveragePooling3D(Options()) {}
  explicit GlobalAveragePooling3D(const Options &options) : GlobalPoolingBase(options) {}
};

LAMINA_REGISTER_LAYER(GlobalAveragePooling3D, "keras");

} // namespace lamina::layers

#endif
