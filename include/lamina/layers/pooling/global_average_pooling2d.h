#ifndef LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING2D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING2D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each channel over all 2 spatial axes. Keras: layers.GlobalAveragePooling2D.
class GlobalAveragePooling2D : public GlobalPoolingBase<GlobalAveragePooling2D, 2, false> {
public:
  GlobalAveragePooling2D() : GlobalAveragePooling2D(Options()) {}
  explicit GlobalAveragePooling2D(const Options &options) : GlobalPoolingBase(options) {}
};

LAMINA_REGISTER_LAYER(GlobalAveragePooling2D, "keras");

} // namespace lamina::layers

#endif
