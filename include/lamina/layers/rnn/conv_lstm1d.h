#ifndef LAMINA_LAYERS_RNN_CONV_LSTM1D_H
#define LAMINA_LAYERS_RNN_CONV_LSTM1D_H

#include <lamina/layers/rnn/base_conv_lstm.h>

namespace lamina::layers {

/// Convolutional LSTM over sequences of one-dimensional images. Keras: layers.ConvLSTM1D.
class ConvLSTM1D : public ConvLSTMBase<ConvLSTM1D, 1> {
public:
  ConvLSTM1D() : ConvLSTM1D(1, 1) {}
  ConvLSTM1D(std::int64_t filters, const Sizes &kernel_size) : ConvLSTM1D(filters, kernel_size, Options()) {}
  ConvLSTM1D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvLSTMBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(ConvLSTM1D, "keras");

} // namespace lamina::layers

#endif
