#ifndef LAMINA_LAYERS_RNN_GRU_CELL_H
#define LAMINA_LAYERS_RNN_GRU_CELL_H

#include <lamina/layers/rnn/gated_cell.h>

namespace lamina::layers {

/// One step of GRU: [x (batch, features), h (batch, units)] → [h, h]. For RNN. Keras: layers.GRUCell. Cho et al., 2014.
class GRUCell : public GatedCell<GRUCell, 3, 1> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    ActivationFunction recurrent_activation = "sigmoid";
    bool use_bias = true;
    bool reset_after = true;
    LAMINA_CELL_OPTIONS;
    LAMINA_COMMON_OPTIONS;
  };

  GRUCell() : GRUCell(1) {}
  explicit GRUCell(std::int64_t units) : GRUCell(units, Options()) {}
  GRUCell(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  Shape bias_shape() const { return options.reset_after ? Shape{2, 3 * units} : Shape{3 * units}; }

  Value input_bias(trace::Graph &graph) const {
    if (!bias)
      return {};
    Value b = as_value(graph, bias);
    return options.reset_after ? Value(squeeze(slice_axis(b, 0, 0, 1), 0)) : b;
  }

  Values step(const Value &x, const Values &states, const Values &h) const {
    const ActivationFunction &gate = options.recurrent_activation;
    Values xs = split(x, 3);
    Value z, candidate;
    if (options.reset_after) {
      Value inner = recur(h);
      if (bias)
        inner = inner + squeeze(slice_axis(as_value(x.graph(), bias), 0, 1, 2), 0);
      Values hs = split(inner, 3);
      z = gate(xs[0] + hs[0]);
      candidate = xs[2] + gate(xs[1] + hs[1]) * hs[2];
    } else {
      Values hs = split(recur(h, 0, 2), 2);
      z = gate(xs[0] + hs[0]);
      Value r = gate(xs[1] + hs[1]);
      Values last = h.size() == 1 ? Values{r * h[0]} : Values{h[0], h[1], r * h[2]};
      candidate = xs[2] + recur(last, 2, 3);
    }
    return {z * states[0] + (1.0 - z) * options.activation(candidate)};
  }

  template <typename F> void fields(F &f) {
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    cell_weight_fields(f, options);
    f("reset_after", options.reset_after);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(GRUCell, "keras");

} // namespace lamina::layers

#endif
