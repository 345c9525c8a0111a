#ifndef LAMINA_LAYERS_CONVOLUTIONAL_CONV3D_H
#define LAMINA_LAYERS_CONVOLUTIONAL_CONV3D_H

#include <lamina/layers/convolutional/base_conv.h>

namespace lamina::layers {

/// Convolution over 3 axes, bias, activation.
///
///     y = activation(conv(x, kernel) + bias)
///
/// (batch, three spatial axes, channels) → (batch, three spatial axes, filters); channels_first puts the channels
/// before the spatial axes. padding: valid, same. groups splits channels and filters. Keras: layers.Conv3D.
class Conv3D : public ConvBase<Conv3D, 3> {
public:
  Conv3D() : Conv3D(1, 1) {}
  Conv3D(std::int64_t filters, const Sizes &kernel_size) : Conv3D(filters, kernel_size, Options()) {}
  Conv3D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(Conv3D, "keras");

} // namespace lamina::layers

#endif
