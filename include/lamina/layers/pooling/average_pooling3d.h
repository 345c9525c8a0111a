#ifndef LAMINA_LAYERS_POOLING_AVERAGE_POOLING3D_H
#define LAMINA_LAYERS_POOLING_AVERAGE_POOLING3D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each window over 3 axes; padding takes no part. Keras: layers.AveragePooling3D.
class AveragePooling3D : public PoolingBase<AveragePooling3D, 3, false> {
public:
  AveragePooling3D() : AveragePooling3D(2) {}
  AveragePooling3D(const Sizes &pool_size) : AveragePooling3D(pool_size, Options()) {}
  AveragePooling3D(const Sizes &pool_size, const Options &options) : PoolingBase(pool_size, options) {}
};

LAMINA_REGISTER_LAYER(AveragePooling3D, "keras");

} // namespace lamina::layers

#endif
