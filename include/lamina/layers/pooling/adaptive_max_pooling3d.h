#ifndef LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING3D_H
#define LAMINA_LAYERS_POOLING_ADAPTIVE_MAX_POOLING3D_H

#include <lamina/layers/pooling/base_adaptive_pooling.h>

namespace lamina::layers {

/// The largest element of each of output_size equal parts of the spatial axes. Keras: layers.AdaptiveMaxPooling3D.
class AdaptiveMaxPooling3D : public AdaptivePoolingBase<AdaptiveMaxPooling3D, 3, true> {
public:
  AdaptiveMaxPooling3D() : AdaptiveMaxPooling3D(1) {}
  explicit AdaptiveMaxPooling3D(const Sizes &output_size, const Options &options = Options())
      : AdaptivePoolingBase(output_size, options) {}
};

LAMINA_REGISTER_LAYER(AdaptiveMaxPooling3D, "keras");

} // namespace lamina::layers

#endif
