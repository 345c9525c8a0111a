#ifndef LAMINA_LAYERS_RNN_SIMPLE_RNN_H
#define LAMINA_LAYERS_RNN_SIMPLE_RNN_H

#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// h ← activation(x · W + h · U + b). Shapes as LSTM's, one state. Keras: layers.SimpleRNN.
class SimpleRNN : public RecurrentBase<SimpleRNN, 1, 1> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    bool use_bias = true;
    LAMINA_RECURRENT_OPTIONS;
  };

  SimpleRNN() : SimpleRNN(1) {}
  explicit SimpleRNN(std::int64_t units) : SimpleRNN(units, Options()) {}
  SimpleRNN(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
    supports_masking = true;
  }

  void prepare() const { prepare_recurrent(units, options.dropout, options.recurrent_dropout); }

  void build(const Shape &input) {
    build_recurrent(input, units, options, "SimpleRNNCell", options.bias_initializer, {units}, options.use_bias);
  }

  Value input_bias(trace::Graph &graph) const { return bias ? as_value(graph, bias) : Value(); }

  Values step(const Value &x, const Values &, const Values &h) const {
    return {options.activation(x + recur(h, units))};
  }

  template <typename F> void fields(F &f) {
    recurrent_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    weight_fields(f, options);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(SimpleRNN, "keras");

} // namespace lamina::layers

#endif
