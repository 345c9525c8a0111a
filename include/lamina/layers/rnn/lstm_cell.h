#ifndef LAMINA_LAYERS_RNN_LSTM_CELL_H
#define LAMINA_LAYERS_RNN_LSTM_CELL_H

#include <lamina/layers/rnn/gated_cell.h>

namespace lamina::layers {

/// One step of LSTM: [x (batch, features), h (batch, units), c (batch, units)] → [h, h, c]. For RNN. Keras:
/// layers.LSTMCell. Hochreiter and Schmidhuber, 1997.
class LSTMCell : public GatedCell<LSTMCell, 4, 2> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    ActivationFunction recurrent_activation = "sigmoid";
    bool use_bias = true;
    bool unit_forget_bias = true;
    LAMINA_CELL_OPTIONS;
    LAMINA_COMMON_OPTIONS;
  };

  LSTMCell() : LSTMCell(1) {}
  explicit LSTMCell(std::int64_t units) : LSTMCell(units, Options()) {}
  LSTMCell(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  Shape bias_shape() const { return {4 * units}; }

  Values step(const Value &x, const Values &states, const Values &h) const {
    Values z = split(x + recur(h), 4);
    const ActivationFunction &gate = options.recurrent_activation, &act = options.activation;
    Value c = gate(z[1]) * states[1] + gate(z[0]) * act(z[2]);
    return {gate(z[3]) * act(c), c};
  }

  template <typename F> void fields(F &f) {
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    f("unit_forget_bias", options.unit_forget_bias);
    cell_weight_fields(f, options);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(LSTMCell, "keras");

} // namespace lamina::layers

#endif
