#ifndef LAMINA_LAYERS_RNN_CONV_LSTM3D_H
#define LAMINA_LAYERS_RNN_CONV_LSTM3D_H

#include <lamina/layers/rnn/base_conv_lstm.h>

namespace lamina::layers {

/// Convolutional LSTM over sequences of volumes. Keras: layers.ConvLSTM3D.
class ConvLSTM3D : public ConvLSTMBase<ConvLSTM3D, 3> {
public:
  ConvLSTM3D() : ConvLSTM3D(1, 1) {}
  ConvLSTM3D(std::int64_t filters, const Sizes &kernel_size) : ConvLSTM3D(filters, kernel_size, Options()) {}
  ConvLSTM3D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvLSTMBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(ConvLSTM3D, "keras");

} // namespace lamina::layers

#endif
