#ifndef LAMINA_LAYERS_POOLING_MAX_POOLING2D_H
#define LAMINA_LAYERS_POOLING_MAX_POOLING2D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each window over 2 axes; padding takes no part. Keras: layers.MaxPooling2D.
class MaxPooling2D : public PoolingBase<MaxPooling2D, 2, true> {
public:
  MaxPooling2D() : MaxPooling2D(2) {}
  MaxPooling2D(const Sizes &pool_size) : MaxPooling2D(pool_size, Options()) {}
  MaxPooling2D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(MaxPooling2D, "keras");

} // namespace lamina::layers

#endif
