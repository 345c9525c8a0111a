#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV1D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV1D_H

#include <lamina/layers/convolutional/base_conv.h>

namespace lamina::layers {

/// Convolution over 1 axis, bias, activation.
///
///     y = activation(conv(x, kernel) + bias)
///
/// (batch, steps, channels) → (batch, steps′, filters); channels_first puts the channels before the spatial axes.
/// padding: valid, same or causal. groups splits channels and filters. Keras: layers.Conv1D.
class Conv1D : public ConvBase<Conv1D, 1> {
public:
  Conv1D() : Conv1D(1, 1) {}
  Conv1D(std::int64_t filters, const Sizes &kernel_size) : Conv1D(filters, kernel_size, Options()) {}
  Conv1D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv1D, "keras");

} // namespace lamina::layers

#endif
