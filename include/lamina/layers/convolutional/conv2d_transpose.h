#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV2D_TRANSPOSE_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV2D_TRANSPOSE_H

#include <lamina/layers/convolutional/base_conv_transpose.h>

namespace lamina::layers {

/// Transposed convolution over 2 axes, bias, activation: the gradient of a convolution by its input.
///
///     y = activation(conv_transpose(x, kernel) + bias)
///
/// (batch, rows, columns, channels) → (batch, rows′, columns′, filters); channels_first puts the channels before the
/// spatial axes. Kernel: (rows, columns, filters, channels). Sizes: see `conv_transpose`. Keras:
/// layers.Conv2DTranspose.
class Conv2DTranspose : public ConvTransposeBase<Conv2DTranspose, 2> {
public:
  Conv2DTranspose() : Conv2DTranspose(1, 1) {}
  Conv2DTranspose(std::int64_t filters, const Sizes &kernel_size) : Conv2DTranspose(filters, kernel_size, Options()) {}
  Conv2DTranspose(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvTransposeBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv2DTranspose, "keras");

} // namespace lamina::layers

#endif
