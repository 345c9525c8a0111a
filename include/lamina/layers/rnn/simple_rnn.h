#ifndef LAMINA_LAYERS_RNN_SIMPLE_RNN_H
#define LAMINA_LAYERS_RNN_SIMPLE_RNN_H

#include <lamina/layers/rnn/recurrent.h>
#include <lamina/layers/rnn/simple_rnn_cell.h>

namespace lamina::layers {

/// h ← activation(x · W + h · U + b). Shapes as LSTM's, one state. Keras: layers.SimpleRNN.
class SimpleRNN : public RecurrentBase<SimpleRNN> {
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
  }

  std::shared_ptr<LayerBase> make_cell() const {
    return std::make_shared<SimpleRNNCell>(
        units, cell_options<SimpleRNNCell::Options>(options, dtype_policy_, trainable(), "simple_rnn_cell"));
  }

  template <typename F> void fields(F &f) {
    loop_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    cell_weight_fields(f, options);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(SimpleRNN, "keras");

} // namespace lamina::layers

#endif
