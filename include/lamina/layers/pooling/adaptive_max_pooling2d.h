#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING2D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING2D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The largest element of each of output_size equal parts of the spatial axes. Keras: layers.AdaptiveMaxPooling2D.
class AdaptiveMaxPooling2D : public AdaptivePoolingBase<AdaptiveMaxPooling2D, 2, true> {
public:
  AdaptiveMaxPooling2D() : AdaptiveMaxPooling2D(1) {}
  explicit AdaptiveMaxPooling2D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveMaxPooling2D, "keras");

} // namespace lamina::layers

#endif
