#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING1D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING1D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The largest element of each of output_size equal parts of the spatial axis. Keras: layers.AdaptiveMaxPooling1D.
class AdaptiveMaxPooling1D : public AdaptivePoolingBase<AdaptiveMaxPooling1D, 1, true> {
public:
  AdaptiveMaxPooling1D() : AdaptiveMaxPooling1D(1) {}
  explicit AdaptiveMaxPooling1D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveMaxPooling1D, "keras");

} // namespace lamina::layers

#endif
