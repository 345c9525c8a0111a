#ifndef LAMINA_LAYERS_POOLING_MAX_POOLING1D_H
#define LAMINA_LAYERS_POOLING_MAX_POOLING1D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each window over 1 axis; padding takes no part. Keras: layers.MaxPooling1D.
class MaxPooling1D : public PoolingBase<MaxPooling1D, 1, true> {
public:
  MaxPooling1D() : MaxPooling1D(2) {}
  MaxPooling1D(const Sizes &pool_size) : MaxPooling1D(pool_size, Options()) {}
  MaxPooling1D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(MaxPooling1D, "keras");

} // namespace lamina::layers

#endif
