#ifndef LAMINA_LAYERS_CONVOLUTIONAL_DEPTHWISE_CONV2D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_DEPTHWISE_CONV2D_H

#include <lamina/layers/convolutional/base_depthwise_conv.h>

namespace lamina::layers {

/// Convolution over 2 axes of each channel by itself, with depth_multiplier kernels a channel; bias, activation.
///
/// (batch, rows, columns, channels) → (batch, rows′, columns′, channels · depth_multiplier). padding: valid or same.
/// Keras: layers.DepthwiseConv2D.
class DepthwiseConv2D : public DepthwiseConvBase<DepthwiseConv2D, 2> {
public:
  DepthwiseConv2D() : DepthwiseConv2D(1) {}
  DepthwiseConv2D(const Sizes &kernel_size) : DepthwiseConv2D(kernel_size, Options()) {}
  DepthwiseConv2D(const Sizes &kernel_size, const Options &options) : DepthwiseConvBase(kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(DepthwiseConv2D, "keras");

} // namespace lamina::layers

#endif
