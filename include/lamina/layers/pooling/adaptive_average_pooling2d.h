#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING2D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING2D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The mean of each of output_size equal parts of the spatial axes. Keras: layers.AdaptiveAveragePooling2D.
class AdaptiveAveragePooling2D : public AdaptivePoolingBase<AdaptiveAveragePooling2D, 2, false> {
public:
  AdaptiveAveragePooling2D() : AdaptiveAveragePooling2D(1) {}
  explicit AdaptiveAveragePooling2D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveAveragePooling2D, "keras");

} // namespace lamina::layers

#endif
