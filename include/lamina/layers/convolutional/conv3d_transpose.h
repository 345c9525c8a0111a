#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV3D_TRANSPOSE_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV3D_TRANSPOSE_H

#include <lamina/layers/convolutional/base_conv_transpose.h>

namespace lamina::layers {

/// Transposed convolution over 3 axes, bias, activation: the gradient of a convolution by its input.
///
///     y = activation(conv_transpose(x, kernel) + bias)
///
/// (batch, depth, rows, columns, channels) → (batch, depth′, rows′, columns′, filters); channels_first puts the
/// channels before the spatial axes. Kernel: (depth, rows, columns, filters, channels). Sizes: see `conv_transpose`.
/// Keras: layers.Conv3DTranspose.
class Conv3DTranspose : public ConvTransposeBase<Conv3DTranspose, 3> {
public:
  Conv3DTranspose() : Conv3DTranspose(1, 1) {}
  Conv3DTranspose(std::int64_t filters, const Sizes &kernel_size) : Conv3DTranspose(filters, kernel_size, Options()) {}
  Conv3DTranspose(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvTransposeBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv3DTranspose, "keras");

} // namespace lamina::layers

#endif
