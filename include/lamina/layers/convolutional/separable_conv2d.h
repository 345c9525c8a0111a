#ifndef LAMINA_LAYERS_CONVOLUTIONAL_SEPARABLE_CONV2D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_SEPARABLE_CONV2D_H

#include <lamina/layers/convolutional/base_separable_conv.h>

namespace lamina::layers {

/// A depthwise convolution over 2 axes, then one of size 1 that mixes the channels; bias, activation.
///
///     y = activation(conv(depthwise(x), pointwise_kernel) + bias)
///
/// (batch, rows, columns, channels) → (batch, rows′, columns′, filters). padding: valid or same.
/// Keras: layers.SeparableConv2D. Chollet, 2016.
class SeparableConv2D : public SeparableConvBase<SeparableConv2D, 2> {
public:
  SeparableConv2D() : SeparableConv2D(1, 1) {}
  SeparableConv2D(std::int64_t filters, const Sizes &kernel_size) : SeparableConv2D(filters, kernel_size, Options()) {}
  SeparableConv2D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : SeparableConvBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(SeparableConv2D, "keras");

} // namespace lamina::layers

#endif
