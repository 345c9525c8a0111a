#ifndef LAMINA_LAYERS_CONVOLUTIONAL_DEPTHWISE_CONV1D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_DEPTHWISE_CONV1D_H

#include <lamina/layers/convolutional/base_depthwise_conv.h>

namespace lamina::layers {

/// Convolution over 1 axis of each channel by itself, with depth_multiplier kernels a channel; bias, activation.
///
/// (batch, steps, channels) → (batch, steps′, channels · depth_multiplier). padding: valid or same.
/// Keras: layers.DepthwiseConv1D.
class DepthwiseConv1D : public DepthwiseConvBase<DepthwiseConv1D, 1> {
public:
  DepthwiseConv1D() : DepthwiseConv1D(1) {}
  DepthwiseConv1D(const Sizes &kernel_size) : DepthwiseConv1D(kernel_size, Options()) {}
  DepthwiseConv1D(const Sizes &kernel_size, const Options &options) : DepthwiseConvBase(kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(DepthwiseConv1D, "keras");

} // namespace lamina::layers

#endif
