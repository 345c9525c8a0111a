#ifndef LAMINA_LAYERS_POOLING_AVERAGE_POOLING1D_H
#define LAMINA_LAYERS_POOLING_AVERAGE_POOLING1D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each window over 1 axis; padding takes no part. Keras: layers.AveragePooling1D.
class AveragePooling1D : public PoolingBase<AveragePooling1D, 1, false> {
public:
  AveragePooling1D() : AveragePooling1D(2) {}
  AveragePooling1D(const Sizes &pool_size) : AveragePooling1D(pool_size, Options()) {}
  AveragePooling1D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(AveragePooling1D, "keras");

} // namespace lamina::layers

#endif
