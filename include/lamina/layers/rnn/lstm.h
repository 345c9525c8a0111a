#ifndef LAMINA_LAYERS_RNN_LSTM_H
#define LAMINA_LAYERS_RNN_LSTM_H

#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// Long short-term memory. Gates i, f, c, o stand side by side in the kernels:
///
///     i, f, o = recurrent_activation(x · W + h · U + b)
///     c ← f · c + i · activation(x · W_c + h · U_c + b_c);  h ← o · activation(c)
///
/// (batch, time, features) → (batch, units), or (batch, time, units) with return_sequences; with return_state also h
/// and c. Masked steps keep the state. unroll changes nothing. Keras: layers.LSTM. Hochreiter and Schmidhuber, 1997.
class LSTM : public RecurrentBase<LSTM, 4, 2> {
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
    supports_masking = true;
  }

  void prepare() const { prepare_recurrent(units, options.dropout, options.recurrent_dropout); }

  void build(const Shape &input) {
    build_recurrent(input, units, options, "LSTMCell", options.bias_initializer, {4 * units}, options.use_bias);
    if (options.use_bias && options.unit_forget_bias)
      bias.set_initial(
          [units = units, first = options.bias_initializer](const Shape &shape, DType dtype, std::uint64_t seed) {
            Tensor value = first(shape, dtype, seed);
            value.slice(units, 2 * units).fill(1.0);
            return value;
          });
  }

  Value input_bias(trace::Graph &graph) const { return bias ? as_value(graph, bias) : Value(); }

  Values step(const Value &x, const Values &states, const Values &h) const {
    Values z = split(x + recur(h, units), 4);
    const ActivationFunction &gate = options.recurrent_activation, &act = options.activation;
    Value c = gate(z[1]) * states[1] + gate(z[0]) * act(z[2]);
    return {gate(z[3]) * act(c), c};
  }

  template <typename F> void fields(F &f) {
    recurrent_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    f("unit_forget_bias", options.unit_forget_bias);
    weight_fields(f, options);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(LSTM, "keras");

} // namespace lamina::layers

#endif
