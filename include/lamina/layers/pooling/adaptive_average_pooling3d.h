#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING3D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING3D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The mean of each of output_size equal parts of the spatial axes. Keras: layers.AdaptiveAveragePooling3D.
class AdaptiveAveragePooling3D : public AdaptivePoolingBase<AdaptiveAveragePooling3D, 3, false> {
public:
  AdaptiveAveragePooling3D() : AdaptiveAveragePooling3D(1) {}
  explicit AdaptiveAveragePooling3D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveAveragePooling3D, "keras");

} // namespace lamina::layers

#endif
