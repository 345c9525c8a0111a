#ifndef LAMINA_LAYERS_RNN_GRU_H
#define LAMINA_LAYERS_RNN_GRU_H

#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// Gated recurrent unit. Gates z, r, h stand side by side in the kernels:
///
///     z, r = recurrent_activation(x · W + h · U + b)
///     h' = activation(x · W_h + r · (h · U_h + b'))      with reset_after, else x · W_h + (r · h) · U_h
///     h ← z · h + (1 - z) · h'
///
/// Shapes as LSTM's. Keras: layers.GRU. Cho et al., 2014.
class GRU : public RecurrentBase<GRU, 3, 1> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    ActivationFunction recurrent_activation = "sigmoid";
    bool use_bias = true;
    bool reset_after = true;
    LAMINA_RECURRENT_OPTIONS;
  };

  GRU() : GRU(1) {}
  explicit GRU(std::int64_t units) : GRU(units, Options()) {}
  GRU(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
    supports_masking = true;
  }

  void prepare() const { prepare_recurrent(units, options.dropout, options.recurrent_dropout); }

  void build(const Shape &input) {
    Shape shape = options.reset_after ? Shape{2, 3 * units} : Shape{3 * units};
    build_recurrent(input, units, options, "GRUCell", options.bias_initializer, shape, options.use_bias);
  }

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
      Value inner = recur(h, units);
      if (bias)
        inner = inner + squeeze(slice_axis(as_value(x.graph(), bias), 0, 1, 2), 0);
      Values hs = split(inner, 3);
      z = gate(xs[0] + hs[0]);
      candidate = xs[2] + gate(xs[1] + hs[1]) * hs[2];
    } else {
      Values hs = split(recur(h, units, 0, 2), 2);
      z = gate(xs[0] + hs[0]);
      Value r = gate(xs[1] + hs[1]);
      Values last = h.size() == 1 ? Values{r * h[0]} : Values{h[0], h[1], r * h[2]};
      candidate = xs[2] + recur(last, units, 2, 3);
    }
    return {z * states[0] + (1.0 - z) * options.activation(candidate)};
  }

  template <typename F> void fields(F &f) {
    recurrent_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    weight_fields(f, options);
    f("reset_after", options.reset_after);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(GRU, "keras");

} // namespace lamina::layers

#endif
