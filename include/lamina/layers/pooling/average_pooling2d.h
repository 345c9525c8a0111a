#ifndef LAMINA_LAYERS_POOLING_AVERAGE_POOLING2D_H
#define LAMINA_LAYERS_POOLING_AVERAGE_POOLING2D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each window over 2 axes; padding takes no part. Keras: layers.AveragePooling2D.
class AveragePooling2D : public PoolingBase<AveragePooling2D, 2, false> {
public:
  AveragePooling2D() : AveragePooling2D(2) {}
  AveragePooling2D(const Sizes &pool_size) : AveragePooling2D(pool_size, Options()) {}
  AveragePooling2D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(AveragePooling2D, "keras");

} // namespace lamina::layers

#endif
