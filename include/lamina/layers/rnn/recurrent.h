#ifndef LAMINA_LAYERS_RNN_RECURRENT_H
#define LAMINA_LAYERS_RNN_RECURRENT_H

#include <lamina/layers/rnn/gated_cell.h>

namespace lamina::layers {

/// Arguments of every loop over time.
#define LAMINA_LOOP_OPTIONS                                                                                            \
  bool return_sequences = false;                                                                                       \
  bool return_state = false;                                                                                           \
  bool go_backwards = false;                                                                                           \
  bool stateful = false;                                                                                               \
  bool unroll = false;                                                                                                 \
  bool zero_output_for_mask = false

/// Arguments of layers that bring their cell along.
#define LAMINA_RECURRENT_OPTIONS                                                                                       \
  LAMINA_CELL_OPTIONS;                                                                                                 \
  Regularizer activity_regularizer = {};                                                                               \
  LAMINA_LOOP_OPTIONS;                                                                                                 \
  LAMINA_COMMON_OPTIONS

/// What Bidirectional asks of a layer.
class Recurrent {
public:
  struct Flags {
    bool return_sequences, return_state, go_backwards, stateful;
  };
  virtual ~Recurrent() = default;
  virtual Flags flags() const = 0;
  virtual void set_zero_output_for_mask(bool zeroes) = 0;
};

/// A loop over time around a cell. D has options, and make_cell, which gives the layer that is the cell.
///
///     (batch, time, …) → (batch, …), or (batch, time, …) with return_sequences; with return_state also the states
///
/// Masked steps keep the states; unroll changes nothing else than Keras's zero_output_for_mask, which needs a loop.
/// Call arguments: mask, initial_state.
template <typename D> class RecurrentLoop : public Layer<D>, public Recurrent {
public:
  void prepare() {
    if (!cell_layer_) {
      std::shared_ptr<LayerBase> made = static_cast<D &>(*this).make_cell();
      if (!dynamic_cast<RecurrentCell *>(made.get()))
        throw Error("expects a cell, got the layer '" + made->name() + "'; derive it from RNNCell");
      cell_layer_ = made;
    }
    this->add_child("cell", cell_layer_);
    cell().check();
  }

  void build(const Shape &input) {
    check_rank_of(input);
    Shape step{input[0]};
    cell_layer_->ensure_built({step.concat(input.subshape(2, input.rank()))});
    const auto &o = derived().options;
    if (!o.stateful)
      return;
    if (input[0] == none)
      throw Error("stateful needs a known batch size, got shape " + input.str() + "; give Input a batch_shape");
    for (const Shape &shape : cell().state_shapes())
      state_variables.emplace_back(
          "rnn_state", Shape{input[0]}.concat(shape),
          Variable::Options{.initializer = "zeros", .trainable = false, .dtype = this->dtype()});
  }

  /// Keras: reset_states.
  void reset_states() override {
    for (const Variable &state : static_cast<RecurrentLoop &>(this->self()).state_variables)
      state.assign(Tensor::zeros(state.shape(), state.dtype()));
  }

  Values call(const Value &input, CallContext &context) const {
    const auto &o = derived().options;
    check_rank_of(input.shape());
    if (o.unroll && input.shape()[1] == none)
      throw Error("unroll needs a known number of steps, got shape " + input.shape().str());
    CellRun run = cell().begin(Dim(input, 0), context);
    Values states = initial_states(input, context);
    Values sequences{run.project(time_first(to_dtype(input, this->dtype())))};
    bool masked = context.mask().defined();
    if (masked)
      sequences.push_back(step_masks(context.mask()));
    bool zeroes = masked && o.zero_output_for_mask && !o.unroll;
    bool stack_outputs = o.return_sequences || zeroes;
    Values last_output;
    if (!stack_outputs && !cell().output_is_state())
      last_output = {zero_state(input, cell().output_shape())};
    states.insert(states.end(), last_output.begin(), last_output.end());
    std::size_t n = states.size() - last_output.size();
    Values results = scan(
        states, sequences,
        [&](std::span<const Value> before, std::span<const Value> slices) {
          Values previous(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(n));
          Values next = run.step(slices[0], previous);
          if (next.size() != n + 1)
            throw Error("its cell gives " + std::to_string(next.size()) + " values; expected an output and " +
                        std::to_string(n) + " states");
          Value output = next[0];
          next.erase(next.begin());
          if (masked) {
            for (std::size_t i = 0; i < n; ++i)
              next[i] = choose(slices[1], next[i], previous[i]);
            output = zeroes ? Value(where(mask_for(slices[1], output), output, 0.0))
                            : choose(slices[1], output, previous[cell().output_state()]);
          }
          if (!last_output.empty())
            next.push_back(output);
          return ScanStep{next, stack_outputs ? Values{output} : Values()};
        },
        o.go_backwards);
    auto states_end = results.begin() + static_cast<std::ptrdiff_t>(n);
    Values final_states(results.begin(), states_end);
    for (std::size_t i = 0; i < state_variables.size(); ++i)
      context.update(state_variables[i], final_states[i]);
    Value output = stack_outputs || !last_output.empty() ? results[n] : final_states[cell().output_state()];
    if (o.return_sequences)
      // Keras hands steps back in the order in which they were taken.
      output = time_first(o.go_backwards ? reverse(output, {0}) : output);
    else if (stack_outputs)
      output = squeeze(o.go_backwards ? slice_axis(output, 0, 0, 1) : slice_axis(output, 0, -1), 0);
    Values given{output};
    if (o.return_state)
      given.insert(given.end(), final_states.begin(), final_states.end());
    return given;
  }

  Values compute_mask(const Values &, const Values &masks) const {
    return {derived().options.return_sequences && !masks.empty() ? masks[0] : Value()};
  }

  Flags flags() const override {
    const auto &o = derived().options;
    return {o.return_sequences, o.return_state, o.go_backwards, o.stateful};
  }
  void set_zero_output_for_mask(bool zeroes) override { static_cast<D &>(*this).options.zero_output_for_mask = zeroes; }

  template <typename F, typename O> void loop_fields(F &f, O &o) {
    f("return_sequences", o.return_sequences);
    f("return_state", o.return_state);
    f("go_backwards", o.go_backwards);
    f("stateful", o.stateful);
    f("unroll", o.unroll);
    f("zero_output_for_mask", o.zero_output_for_mask);
  }

  RecurrentCell &cell() const { return dynamic_cast<RecurrentCell &>(*cell_layer_); }

  std::vector<Variable> state_variables;

private:
  const D &derived() const { return static_cast<const D &>(*this); }

  void check_rank_of(const Shape &shape) const {
    if constexpr (requires { D::input_rank; })
      check_rank(shape, D::input_rank);
    else if (shape.rank() < 3)
      throw Error("expects an input of at least 3 dimensions (batch, time, features), got shape " + shape.str());
  }

  static Value time_first(const Value &x) {
    std::vector<std::int64_t> axes{1, 0};
    for (std::int64_t i = 2; i < x.rank(); ++i)
      axes.push_back(i);
    return transpose(x, axes);
  }

  Value zero_state(const Value &input, const Shape &shape) const {
    Dims dims{Dim(input, 0)};
    for (std::int64_t size : shape)
      dims.push_back(Dim(size));
    return broadcast_to(constant(input.graph(), 0.0, this->dtype()), dims);
  }

  Values initial_states(const Value &input, CallContext &context) const {
    std::vector<Shape> shapes = cell().state_shapes();
    Values states = context.tensor_list("initial_state");
    if (states.empty())
      for (std::size_t i = 0; i < shapes.size(); ++i)
        states.push_back(state_variables.empty() ? zero_state(input, shapes[i])
                                                 : as_value(input.graph(), state_variables[i]));
    if (states.size() != shapes.size())
      throw Error("initial_state must hold " + std::to_string(shapes.size()) + " tensors, got " +
                  std::to_string(states.size()));
    for (std::size_t i = 0; i < states.size(); ++i) {
      Shape given = states[i].shape(), wanted = Shape{none}.concat(shapes[i]);
      bool fits = given.rank() == wanted.rank();
      for (std::size_t axis = 1; fits && axis < given.rank(); ++axis) {
        auto a = static_cast<std::int64_t>(axis);
        fits = given[a] == none || wanted[a] == none || given[a] == wanted[a];
      }
      if (!fits)
        throw Error("initial_state " + std::to_string(i) + " must have shape " + wanted.str() + ", got " + given.str());
      states[i] = to_dtype(states[i], this->dtype());
    }
    return states;
  }

  /// (batch, time[, features]) → (time, batch, 1)
  static Value step_masks(Value mask) {
    if (mask.rank() == 3)
      mask = any(mask, -1);
    if (mask.rank() != 2)
      throw Error("mask must have shape (batch, time), got " + mask.shape().str());
    return expand_dims(transpose(mask, {1, 0}), -1);
  }

  static Value mask_for(Value mask, const Value &x) {
    while (mask.rank() < x.rank())
      mask = expand_dims(mask, -1);
    return mask;
  }

  static Value choose(const Value &mask, const Value &x, const Value &otherwise) {
    return where(mask_for(mask, x), x, otherwise);
  }

  std::shared_ptr<LayerBase> cell_layer_;
};

/// A loop whose input is (batch, time, features).
template <typename D> class RecurrentBase : public RecurrentLoop<D> {
public:
  static constexpr std::size_t input_rank = 3;
};

} // namespace lamina::layers

#endif
