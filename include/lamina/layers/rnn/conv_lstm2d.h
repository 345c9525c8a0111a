#ifndef LAMINA_LAYERS_RNN_CONV_LSTM2D_H
#define LAMINA_LAYERS_RNN_CONV_LSTM2D_H

#include <lamina/layers/rnn/base_conv_lstm.h>

namespace lamina::layers {

/// Convolutional LSTM over sequences of images. Keras: layers.ConvLSTM2D.
class ConvLSTM2D : public ConvLSTMBase<ConvLSTM2D, 2> {
public:
  ConvLSTM2D() : ConvLSTM2D(1, 1) {}
  ConvLSTM2D(std::int64_t filters, const Sizes &kernel_size) : ConvLSTM2D(filters, kernel_size, Options()) {}
  ConvLSTM2D(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : ConvLSTMBase(filters, kernel_size, options) {}
};

LAMINA_REGISTER_LAYER(ConvLSTM2D, "keras");

} // namespace lamina::layers

#endif
