#ifndef LAMINA_LAYERS_RNN_LSTM_H
#define LAMINA_LAYERS_RNN_LSTM_H

#include <lamina/layers/rnn/lstm_cell.h>
#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// Long short-term memory. Gates i, f, c, o stand side by side in the kernels:
///
///     i, f, o = recurrent_activation(x · W + h · U + b)
///     c ← f · c + i · activation(x · W_c + h · U_c + b_c);  h ← o · activation(c)
///
/// (batch, time, features) → (batch, units), or (batch, time, units) with return_sequences; with return_state also h
/// and c. Masked steps keep the state. Keras: layers.LSTM. Hochreiter and Schmidhuber, 1997.
class LSTM : public RecurrentBase<LSTM> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    ActivationFunction recurrent_activation = "sigmoid";
    bool use_bias = true;
    bool unit_forget_bias = true;
    LAMINA_RECURRENT_OPTIONS;
  };

  LSTM() : LSTM(1) {}
  explicit LSTM(std::int64_t units) : LSTM(units, Options()) {}
  LSTM(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
  }

  std::shared_ptr<LayerBase> make_cell() const {
    return std::make_shared<LSTMCell>(
        units, cell_options<LSTMCell::Options>(options, dtype_policy_, trainable(), "lstm_cell"));
  }

  template <typename F> void fields(F &f) {
    loop_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    f("unit_forget_bias", options.unit_forget_bias);
    cell_weight_fields(f, options);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(LSTM, "keras");

} // namespace lamina::layers

#endif
