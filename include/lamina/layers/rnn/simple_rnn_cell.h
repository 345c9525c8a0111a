#ifndef LAMINA_LAYERS_RNN_SIMPLE_RNN_CELL_H
#define LAMINA_LAYERS_RNN_SIMPLE_RNN_CELL_H

#include <lamina/layers/rnn/gated_cell.h>

namespace lamina::layers {

/// One step of SimpleRNN: [x (batch, features), h (batch, units)] → [h, h]. For RNN. Keras: layers.SimpleRNNCell.
class SimpleRNNCell : public GatedCell<SimpleRNNCell, 1, 1> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    bool use_bias = true;
    LAMINA_CELL_OPTIONS;
    LAMINA_COMMON_OPTIONS;
  };

  SimpleRNNCell() : SimpleRNNCell(1) {}
  explicit SimpleRNNCell(std::int64_t units) : SimpleRNNCell(units, Options()) {}
  SimpleRNNCell(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  Shape bias_shape() const { return {units}; }

  Values step(const Value &x, const Values &, const Values &h) const { return {options.activation(x + recur(h))}; }

  template <typename F> void fields(F &f) {
    f.required("units", units);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    cell_weight_fields(f, options);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(SimpleRNNCell, "keras");

} // namespace lamina::layers

#endif
