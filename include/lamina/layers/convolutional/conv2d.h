#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV2D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV2D_H

#include <lamina/layers/convolutional/base_conv.h>

namespace lamina::layers {

/// Convolution over 2 axes, bias, activation.
///
///     y = activation(conv(x, kernel) + bias)
///
/// (batch, rows, columns, channels) → (batch, rows′, columns′, filters); channels_first puts the channels before the
/// spatial axes. padding: valid, same. groups splits channels and filters. Keras: layers.Conv2D.
class Conv2D : public ConvBase<Conv2D, 2> {
public:
  Conv2D() : Conv2D(1, 1) {}
  Conv2D(std::int64_t filters, const Sizes &kernel_size) : Conv2D(filters, kernel_size, Options()) {}
  Conv2D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv2D, "keras");

} // namespace lamina::layers

#endif
