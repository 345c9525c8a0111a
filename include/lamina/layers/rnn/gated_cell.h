#ifndef LAMINA_LAYERS_RNN_GATED_CELL_H
#define LAMINA_LAYERS_RNN_GATED_CELL_H

#include <lamina/layers/rnn/rnn_cell.h>

namespace lamina::layers {

/// Arguments that all of Keras's cells share.
#define LAMINA_CELL_OPTIONS                                                                                            \
  Initializer kernel_initializer = "glorot_uniform";                                                                   \
  Initializer recurrent_initializer = "orthogonal";                                                                    \
  Initializer bias_initializer = "zeros";                                                                              \
  Regularizer kernel_regularizer = {};                                                                                 \
  Regularizer recurrent_regularizer = {};                                                                              \
  Regularizer bias_regularizer = {};                                                                                   \
  Constraint kernel_constraint = {};                                                                                   \
  Constraint recurrent_constraint = {};                                                                                \
  Constraint bias_constraint = {};                                                                                     \
  double dropout = 0.0;                                                                                                \
  double recurrent_dropout = 0.0;                                                                                      \
  std::optional<std::int64_t> seed = {}

/// The cell's share of a layer's arguments.
template <typename To, typename From>
To cell_options(const From &from, const std::string &dtype, bool trainable, const char *name) {
  To to;
  to.activation = from.activation;
  if constexpr (requires { to.recurrent_activation; })
    to.recurrent_activation = from.recurrent_activation;
  if constexpr (requires { to.reset_after; })
    to.reset_after = from.reset_after;
  if constexpr (requires { to.unit_forget_bias; })
    to.unit_forget_bias = from.unit_forget_bias;
  to.use_bias = from.use_bias;
  to.kernel_initializer = from.kernel_initializer;
  to.recurrent_initializer = from.recurrent_initializer;
  to.bias_initializer = from.bias_initializer;
  to.kernel_regularizer = from.kernel_regularizer;
  to.recurrent_regularizer = from.recurrent_regularizer;
  to.bias_regularizer = from.bias_regularizer;
  to.kernel_constraint = from.kernel_constraint;
  to.recurrent_constraint = from.recurrent_constraint;
  to.bias_constraint = from.bias_constraint;
  to.dropout = from.dropout;
  to.recurrent_dropout = from.recurrent_dropout;
  to.seed = from.seed;
  to.dtype = dtype;
  to.trainable = trainable;
  to.name = name;
  return to;
}

/// The cell's arguments in a configuration, between those before the weights and those after.
template <typename F, typename O> void cell_weight_fields(F &f, O &o) {
  f("kernel_initializer", o.kernel_initializer);
  f("recurrent_initializer", o.recurrent_initializer);
  f("bias_initializer", o.bias_initializer);
  f("kernel_regularizer", o.kernel_regularizer);
  f("recurrent_regularizer", o.recurrent_regularizer);
  f("bias_regularizer", o.bias_regularizer);
  f("kernel_constraint", o.kernel_constraint);
  f("recurrent_constraint", o.recurrent_constraint);
  f("bias_constraint", o.bias_constraint);
  f("dropout", o.dropout);
  f("recurrent_dropout", o.recurrent_dropout);
  f("seed", o.seed);
}

/// A bias with ones in the forget gate, the second of the gates.
inline void set_forget_bias(const Variable &bias, std::int64_t units, const Initializer &others) {
  bias.set_initial([units, others](const Shape &shape, DType dtype, std::uint64_t seed) {
    Tensor value = others(shape, dtype, seed);
    value.slice(units, 2 * units).fill(1.0);
    return value;
  });
}

inline void check_dropout(double dropout, double recurrent_dropout) {
  for (double rate : {dropout, recurrent_dropout})
    if (!(rate >= 0.0 && rate <= 1.0))
      throw Error("dropout and recurrent_dropout must lie in [0, 1], got " + Config(rate).str());
}

inline bool drops(double rate, const CallContext &context) { return context.training && rate > 0.0 && rate < 1.0; }

/// 0, or 1 / (1 - rate), for each element.
inline Value dropout_mask(const Dims &dims, double rate, CallContext &context, std::optional<std::int64_t> seed) {
  Value kept = random_uniform(context.seed(), dims, context.stream(seed)) >= rate;
  return cast(kept, context.layer().dtype()) * (1.0 / (1.0 - rate));
}

/// n masks.
inline Values dropout_masks(std::int64_t n, const Dims &dims, double rate, CallContext &context,
                            std::optional<std::int64_t> seed) {
  Values masks;
  for (std::int64_t i = 0; i < n; ++i)
    masks.push_back(dropout_mask(dims, rate, context, seed));
  return masks;
}

/// A cell whose gates stand side by side in its kernels. D has options, units, and
///
///     Shape bias_shape() const;
///     Values step(x, states, h) const: the new states, the first of them the output;
///       x: x · kernel + bias; h: the previous output times its dropout masks, one a gate, or one for all
template <typename D, std::int64_t Gates, std::int64_t States> class GatedCell : public RNNCell<D> {
public:
  void check() const override {
    check_positive(derived().units, "units");
    check_dropout(derived().options.dropout, derived().options.recurrent_dropout);
  }
  void prepare() const { check(); }
  bool output_is_state() const override { return true; }

  std::vector<Shape> state_shapes() const override {
    return std::vector<Shape>(static_cast<std::size_t>(States), Shape{derived().units});
  }

  void build(const std::vector<Shape> &inputs) {
    const D &d = derived();
    const auto &o = d.options;
    const Shape &input = inputs.at(0);
    check_rank(input, 2);
    kernel = this->add_weight(
        "kernel", {input[-1], Gates * d.units},
        {.initializer = o.kernel_initializer, .regularizer = o.kernel_regularizer, .constraint = o.kernel_constraint});
    recurrent_kernel = this->add_weight("recurrent_kernel", {d.units, Gates * d.units},
                                        {.initializer = o.recurrent_initializer,
                                         .regularizer = o.recurrent_regularizer,
                                         .constraint = o.recurrent_constraint});
    if (!o.use_bias)
      return;
    bias = this->add_weight(
        "bias", d.bias_shape(),
        {.initializer = o.bias_initializer, .regularizer = o.bias_regularizer, .constraint = o.bias_constraint});
    if constexpr (requires { o.unit_forget_bias; })
      if (o.unit_forget_bias)
        set_forget_bias(bias, d.units, o.bias_initializer);
  }

  CellRun begin(const Dim &batch, CallContext &context) override {
    const auto &o = derived().options;
    Values input_masks, hidden_masks;
    // With recurrent dropout each gate has a mask of its own, as in Keras.
    if (drops(o.dropout, context))
      input_masks = dropout_masks(o.recurrent_dropout > 0.0 ? Gates : 1, {batch, Dim(kernel.shape()[0])}, o.dropout,
                                  context, o.seed);
    if (drops(o.recurrent_dropout, context))
      hidden_masks = dropout_masks(Gates, {batch, Dim(derived().units)}, o.recurrent_dropout, context, o.seed);
    return {[this, input_masks](const Value &x) { return project(x, input_masks); },
            [this, hidden_masks](const Value &x, const Values &states) {
              Values hidden;
              for (const Value &mask : hidden_masks)
                hidden.push_back(states[0] * mask);
              if (hidden.empty())
                hidden.push_back(states[0]);
              Values next = derived().step(x, states, hidden);
              next.insert(next.begin(), next[0]);
              return next;
            }};
  }

  Values call(const Values &inputs, CallContext &context) { return this->run_once(inputs, context); }

  Variable kernel, recurrent_kernel, bias;

protected:
  /// The part of the bias that belongs to x · kernel.
  Value input_bias(trace::Graph &graph) const { return bias ? as_value(graph, bias) : Value(); }

  /// h · recurrent kernel, for all gates or those in [first, last).
  Value recur(const Values &h, std::int64_t first = 0, std::int64_t last = Gates) const {
    return gates_of(h, recurrent_kernel, first, last);
  }

private:
  const D &derived() const { return static_cast<const D &>(*this); }

  Value project(const Value &x, const Values &masks) const {
    Values inputs;
    for (const Value &mask : masks)
      inputs.push_back(x * mask);
    if (inputs.empty())
      inputs.push_back(x);
    Value product = gates_of(inputs, kernel, 0, Gates), b = derived().input_bias(x.graph());
    return b.defined() ? Value(product + b) : product;
  }

  /// One product where all gates see the same operand.
  Value gates_of(const Values &operands, const Variable &weights, std::int64_t first, std::int64_t last) const {
    if (operands.size() == 1 && first == 0 && last == Gates)
      return dot(operands[0], weights);
    Value columns = as_value(operands[0].graph(), weights);
    std::int64_t units = derived().units;
    if (operands.size() == 1)
      return dot(operands[0], slice_axis(columns, 1, first * units, last * units));
    Values parts;
    for (std::int64_t i = first; i < last; ++i)
      parts.push_back(dot(operands[static_cast<std::size_t>(i)], slice_axis(columns, 1, i * units, (i + 1) * units)));
    return concatenate(parts);
  }
};

} // namespace lamina::layers

#endif
