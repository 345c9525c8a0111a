#ifndef LAMINA_LAYERS_POOLING_MAX_POOLING3D_H
#define LAMINA_LAYERS_POOLING_MAX_POOLING3D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each window over 3 axes; padding takes no part. Keras: layers.MaxPooling3D.
class MaxPooling3D : public PoolingBase<MaxPooling3D, 3, true> {
public:
  MaxPooling3D() : MaxPooling3D(2) {}
  MaxPooling3D(const Sizes &pool_size) : MaxPooling3D(pool_size, Options()) {}
  MaxPooling3D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(MaxPooling3D, "keras");

} // namespace lamina::layers

#endif
