#ifndef LAMINA_LAYERS_RNN_RECURRENT_H
#define LAMINA_LAYERS_RNN_RECURRENT_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Arguments that all recurrent layers share.
#define LAMINA_RECURRENT_OPTIONS                                                                                       \
  Initializer kernel_initializer = "glorot_uniform";                                                                   \
  Initializer recurrent_initializer = "orthogonal";                                                                    \
  Initializer bias_initializer = "zeros";                                                                              \
  Regularizer kernel_regularizer = {};                                                                                 \
  Regularizer recurrent_regularizer = {};                                                                              \
  Regularizer bias_regularizer = {};                                                                                   \
  Regularizer activity_regularizer = {};                                                                               \
  Constraint kernel_constraint = {};                                                                                   \
  Constraint recurrent_constraint = {};                                                                                \
  Constraint bias_constraint = {};                                                                                     \
  double dropout = 0.0;                                                                                                \
  double recurrent_dropout = 0.0;                                                                                      \
  std::optional<std::int64_t> seed = {};                                                                               \
  bool return_sequences = false;                                                                                       \
  bool return_state = false;                                                                                           \
  bool go_backwards = false;                                                                                           \
  bool stateful = false;                                                                                               \
  bool unroll = false;                                                                                                 \
  bool zero_output_for_mask = false;                                                                                   \
  LAMINA_COMMON_OPTIONS

/// The weights of a recurrent layer; Keras keeps them in its cell.
class RecurrentCell : public Layer<RecurrentCell> {
public:
  RecurrentCell() = default;
  RecurrentCell(std::string class_name, const std::string &name) : class_name_(std::move(class_name)) {
    init(name, true, "float32");
  }
  std::string class_name() const override { return class_name_; }
  Variable weight(const std::string &name, const Shape &shape, Variable::Options options) {
    return add_weight(name, shape, std::move(options));
  }
  void set_dtype(const std::string &dtype) { init(name(), trainable(), dtype); }
  Value call(const Value &x, CallContext &) const { return x; }

private:
  std::string class_name_ = "RNNCell";
};

/// A loop over time with a cell of `Gates` gates. D has
///
///     Values step(x, states, h): the new states, the first of them the output;
///       x: this step's part of x · kernel + bias; h: the previous output times its dropout masks, one a gate
///
/// and options, units, states (how many). The projections of all steps are one product before the loop.
template <typename D, std::int64_t Gates, std::int64_t States> class RecurrentBase : public Layer<D> {
public:
  void prepare_recurrent(std::int64_t units, double dropout, double recurrent_dropout) const {
    check_positive(units, "units");
    for (double rate : {dropout, recurrent_dropout})
      if (!(rate >= 0.0 && rate <= 1.0))
        throw Error("dropout and recurrent_dropout must lie in [0, 1], got " + Config(rate).str());
  }

  template <typename O> void build_recurrent(const Shape &input, std::int64_t units, const O &o, const char *cell_class,
                                             const Initializer &bias_initializer, const Shape &bias_shape,
                                             bool use_bias) {
    check_rank(input, 3);
    auto cell = std::make_shared<RecurrentCell>(cell_class, to_snake_case(cell_class));
    cell->set_dtype(o.dtype);
    this->add_child("cell", cell);
    kernel = cell->weight(
        "kernel", {input[-1], Gates * units},
        {.initializer = o.kernel_initializer, .regularizer = o.kernel_regularizer, .constraint = o.kernel_constraint});
    recurrent_kernel = cell->weight("recurrent_kernel", {units, Gates * units},
                                    {.initializer = o.recurrent_initializer,
                                     .regularizer = o.recurrent_regularizer,
                                     .constraint = o.recurrent_constraint});
    if (use_bias)
      bias = cell->weight(
          "bias", bias_shape,
          {.initializer = bias_initializer, .regularizer = o.bias_regularizer, .constraint = o.bias_constraint});
    if (o.stateful) {
      if (input[0] == none)
        throw Error("stateful needs a known batch size, got shape " + input.str() + "; give Input a batch_shape");
      for (std::int64_t i = 0; i < States; ++i)
        state_variables.emplace_back(
            "rnn_state", Shape{input[0], units},
            Variable::Options{.initializer = "zeros", .trainable = false, .dtype = this->dtype()});
    }
  }

  /// Keras: reset_states.
  void reset_states() override {
    for (const Variable &state : static_cast<RecurrentBase &>(this->self()).state_variables)
      state.assign(Tensor::zeros(state.shape(), state.dtype()));
  }

  Values call(const Value &input, CallContext &context) const {
    const D &d = static_cast<const D &>(*this);
    const auto &o = d.options;
    check_rank(input.shape(), 3);
    std::int64_t units = d.units;
    trace::Graph &graph = context.graph();
    Value x = transpose(to_dtype(input, this->dtype()), {1, 0, 2});
    Value projected = project(x, context, o.dropout, o.recurrent_dropout, units, o.seed);

    Values states = context.tensor_list("initial_state");
    if (states.empty())
      for (std::int64_t i = 0; i < States; ++i)
        states.push_back(state_variables.empty()
                             ? broadcast_to(constant(graph, 0.0, this->dtype()), {Dim(input, 0), Dim(units)})
                             : as_value(graph, state_variables[static_cast<std::size_t>(i)]));
    if (static_cast<std::int64_t>(states.size()) != States)
      throw Error("initial_state must hold " + std::to_string(States) + " tensors, got " +
                  std::to_string(states.size()));
    Values recurrent_masks;
    if (context.training && o.recurrent_dropout > 0.0 && o.recurrent_dropout < 1.0)
      for (std::int64_t i = 0; i < Gates; ++i)
        recurrent_masks.push_back(dropout_mask({Dim(input, 0), Dim(units)}, o.recurrent_dropout, context, o.seed));

    Value mask = context.mask();
    Values sequences{projected};
    if (mask.defined()) {
      if (mask.rank() == 3)
        mask = any(mask, -1);
      sequences.push_back(expand_dims(transpose(mask, {1, 0}), -1));
    }
    bool zeroes = mask.defined() && o.zero_output_for_mask;
    bool stack_outputs = o.return_sequences || zeroes;
    Values results = scan(
        states, sequences,
        [&](std::span<const Value> before, std::span<const Value> slices) {
          Values previous(before.begin(), before.end()), hidden;
          for (const Value &m : recurrent_masks)
            hidden.push_back(previous[0] * m);
          if (hidden.empty())
            hidden.push_back(previous[0]);
          Values next = d.step(slices[0], previous, hidden);
          Value output = next[0];
          if (slices.size() > 1) {
            if (zeroes)
              output = where(slices[1], output, 0.0);
            for (std::size_t i = 0; i < next.size(); ++i)
              next[i] = where(slices[1], next[i], previous[i]);
            if (!zeroes)
              output = next[0];
          }
          return ScanStep{next, stack_outputs ? Values{output} : Values()};
        },
        o.go_backwards);
    Values final_states(results.begin(), results.begin() + States);
    for (std::size_t i = 0; i < state_variables.size(); ++i)
      context.update(state_variables[i], final_states[i]);
    Value output = final_states[0];
    if (stack_outputs) {
      Value outputs = results[static_cast<std::size_t>(States)];
      if (o.return_sequences) {
        // Keras hands steps back in the order in which they were taken.
        output = transpose(o.go_backwards ? reverse(outputs, {0}) : outputs, {1, 0, 2});
      } else {
        output = squeeze(o.go_backwards ? slice_axis(outputs, 0, 0, 1) : slice_axis(outputs, 0, -1), 0);
      }
    }
    Values given{output};
    if (o.return_state)
      given.insert(given.end(), final_states.begin(), final_states.end());
    return given;
  }

  Values compute_mask(const Values &, const Values &masks) const {
    return {static_cast<const D &>(*this).options.return_sequences && !masks.empty() ? masks[0] : Value()};
  }

  template <typename F, typename O> void recurrent_fields(F &f, O &o) {
    f("return_sequences", o.return_sequences);
    f("return_state", o.return_state);
    f("go_backwards", o.go_backwards);
    f("stateful", o.stateful);
    f("unroll", o.unroll);
    f("zero_output_for_mask", o.zero_output_for_mask);
  }

  template <typename F, typename O> void weight_fields(F &f, O &o) {
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

  Variable kernel, recurrent_kernel, bias;
  std::vector<Variable> state_variables;

protected:
  /// The part of each step that does not depend on the state, for all steps at once.
  Value project(const Value &x, CallContext &context, double dropout, double recurrent_dropout, std::int64_t units,
                std::optional<std::int64_t> seed) const {
    const D &d = static_cast<const D &>(*this);
    Value product;
    if (context.training && dropout > 0.0 && dropout < 1.0) {
      // With recurrent dropout each gate has a mask of its own, as in Keras.
      Dims dims{Dim(x, 1), Dim(x, 2)};
      if (recurrent_dropout > 0.0) {
        Values parts;
        Value weights = as_value(x.graph(), kernel);
        for (std::int64_t i = 0; i < Gates; ++i)
          parts.push_back(
              dot(x * dropout_mask(dims, dropout, context, seed), slice_axis(weights, 1, i * units, (i + 1) * units)));
        product = concatenate(parts);
      } else {
        product = dot(x * dropout_mask(dims, dropout, context, seed), kernel);
      }
    } else {
      product = dot(x, kernel);
    }
    Value b = d.input_bias(x.graph());
    return b.defined() ? Value(product + b) : product;
  }

  static Value dropout_mask(const Dims &dims, double rate, CallContext &context, std::optional<std::int64_t> seed) {
    Value kept = random_uniform(context.seed(), dims, context.stream(seed)) >= rate;
    return cast(kept, DType::Float32) * (1.0 / (1.0 - rate));
  }

  /// h · recurrent kernel, for all gates or those in [first, last).
  Value recur(const Values &h, std::int64_t units, std::int64_t first = 0, std::int64_t last = Gates) const {
    if (h.size() == 1) {
      if (first == 0 && last == Gates)
        return dot(h[0], recurrent_kernel);
      return dot(h[0], slice_axis(as_value(h[0].graph(), recurrent_kernel), 1, first * units, last * units));
    }
    Values parts;
    Value weights = as_value(h[0].graph(), recurrent_kernel);
    for (std::int64_t i = first; i < last; ++i)
      parts.push_back(dot(h[static_cast<std::size_t>(i)], slice_axis(weights, 1, i * units, (i + 1) * units)));
    return concatenate(parts);
  }
};

} // namespace lamina::layers

#endif
