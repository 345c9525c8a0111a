#ifndef LAMINA_LAYERS_RNN_RNN_CELL_H
#define LAMINA_LAYERS_RNN_RNN_CELL_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// A cell at work in one loop.
struct CellRun {
  /// What of a step does not depend on the states, for one step (batch, …) or all steps (time, batch, …) at once.
  std::function<Value(const Value &x)> project;
  /// One step on what project gave: the output, then the new states.
  std::function<Values(const Value &x, const Values &states)> step;
};

/// What a loop over time asks of its cell.
class RecurrentCell {
public:
  virtual ~RecurrentCell() = default;
  /// The shapes of the states without the batch, once the cell is built.
  virtual std::vector<Shape> state_shapes() const = 0;
  /// The shape of the output without the batch.
  virtual Shape output_shape() const { return state_shapes().at(0); }
  /// Draws what stays the same in all steps, such as dropout masks.
  virtual CellRun begin(const Dim &batch, CallContext &context) = 0;
  /// Where masked steps find the previous output among the states, and whether every output is that state.
  virtual std::size_t output_state() const { return 0; }
  virtual bool output_is_state() const { return false; }
  /// Errors: arguments that do not fit.
  virtual void check() const {}

  /// [x, states…] → [output, states…]
  Values run_once(const Values &inputs, CallContext &context) {
    std::size_t states = state_shapes().size();
    if (inputs.size() != states + 1)
      throw Error("expects an input and " + std::to_string(states) + " states, got " + std::to_string(inputs.size()) +
                  " tensors");
    CellRun run = begin(Dim(inputs[0], 0), context);
    return run.step(run.project(inputs[0]), Values(inputs.begin() + 1, inputs.end()));
  }
};

/// A cell of one's own for RNN. D has
///
///     Values call(const Values &inputs, CallContext &) const;   // [x, states…] → [output, new states…]
///     std::vector<Shape> state_shapes() const override;         // without the batch
///
/// and what other layers have. Keras: the contract of layers.RNN's cell.
template <typename D> class RNNCell : public Layer<D>, public RecurrentCell {
public:
  CellRun begin(const Dim &, CallContext &) override {
    return {[](const Value &x) { return x; },
            [this](const Value &x, const Values &states) {
              Values inputs{x};
              inputs.insert(inputs.end(), states.begin(), states.end());
              return this->invoke(x.graph(), inputs);
            }};
  }
};

} // namespace lamina::layers

#endif
