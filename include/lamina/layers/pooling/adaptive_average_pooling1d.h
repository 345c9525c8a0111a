#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING1D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_AVERAGE_POOLING1D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The mean of each of output_size equal parts of the spatial axis. Keras: layers.AdaptiveAveragePooling1D.
class AdaptiveAveragePooling1D : public AdaptivePoolingBase<AdaptiveAveragePooling1D, 1, false> {
public:
  AdaptiveAveragePooling1D() : AdaptiveAveragePooling1D(1) {}
  explicit AdaptiveAveragePooling1D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveAveragePooling1D, "keras");

} // namespace lamina::layers

#endif
