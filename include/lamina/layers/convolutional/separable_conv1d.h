#ifndef LAMINA_LAYERS_CONVOLUTIONAL_SEPARABLE_CONV1D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_SEPARABLE_CONV1D_H

#include <lamina/layers/convolutional/base_separable_conv.h>

namespace lamina::layers {

/// A depthwise convolution over 1 axis, then one of size 1 that mixes the channels; bias, activation.
///
///     y = activation(conv(depthwise(x), pointwise_kernel) + bias)
///
/// (batch, steps, channels) → (batch, steps′, filters). padding: valid, same or causal.
/// Keras: layers.SeparableConv1D. Chollet, 2016.
class SeparableConv1D : public SeparableConvBase<SeparableConv1D, 1> {
public:
  SeparableConv1D() : SeparableConv1D(1, 1) {}
  SeparableConv1D(std::int64_t filters, const Sizes &kernel_size) : SeparableConv1D(filters, kernel_size, Options()) {}
  SeparableConv1D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : SeparableConvBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(SeparableConv1D, "keras");

} // namespace lamina::layers

#endif
