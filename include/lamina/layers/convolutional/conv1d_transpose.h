#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV1D_TRANSPOSE_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV1D_TRANSPOSE_H

#include <lamina/layers/convolutional/base_conv_transpose.h>

namespace lamina::layers {

/// Transposed convolution over 1 axis, bias, activation: the gradient of a convolution by its input.
///
///     y = activation(conv_transpose(x, kernel) + bias)
///
/// (batch, steps, channels) → (batch, steps′, filters); channels_first puts the channels before the
/// spatial axes. Kernel: (size, filters, channels). Sizes: see `conv_transpose`. Keras: layers.Conv1DTranspose.
class Conv1DTranspose : public ConvTransposeBase<Conv1DTranspose, 1> {
public:
  Conv1DTranspose() : Conv1DTranspose(1, 1) {}
  Conv1DTranspose(std::int64_t filters, const Sizes &kernel_size) : Conv1DTranspose(filters, kernel_size, Options()) {}
  Conv1DTranspose(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvTransposeBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv1DTranspose, "keras");

} // namespace lamina::layers

#endif
