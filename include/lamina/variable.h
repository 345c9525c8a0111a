#ifndef LAMINA_VARIABLE_H
#define LAMINA_VARIABLE_H

#include <functional>
#include <memory>
#include <string>

#include <lamina/initializers.h>
#include <lamina/regularizers.h>
#include <lamina/tensor.h>

namespace lamina {

/// A weight or state: a handle, copies of which share the value. In an expression it stands for the value.
class Variable {
public:
  struct Options {
    Initializer initializer = "glorot_uniform";
    bool trainable = true;
    Regularizer regularizer = {};
    Constraint constraint = {};
    DType dtype = DType::Float32;
    bool autocast = true;  ///< whether layers that compute in 16 bits round it where they use it
    std::string path = {}; ///< with the layers it belongs to, "dense/kernel"; by default the name
  };

  /// No variable; only `defined` and assignment make sense.
  Variable() = default;
  /// The value is made when it is first asked for. Errors: an open dimension, a size past the memory.
  Variable(const std::string &name, const Shape &shape, const Options &options);

  bool defined() const { return state_ != nullptr; }
  explicit operator bool() const { return defined(); }

  const std::string &name() const;
  /// "bidirectional/forward_lstm/lstm_cell/kernel": as Keras calls a weight where the model was defined.
  const std::string &path() const;
  const Shape &shape() const;
  DType dtype() const;
  bool trainable() const;
  bool autocast() const;
  const Regularizer &regularizer() const;
  const Constraint &constraint() const;

  /// The value itself, not a copy.
  const Tensor &value() const;
  /// Copies the elements in. Errors: another shape.
  void assign(const Tensor &value) const;
  /// How often `assign` was called: what was computed from the value before is stale.
  std::uint64_t version() const;
  /// To be called after the elements were changed through value().
  void mark_changed() const;
  /// Draws the initial value again.
  void reset() const;
  /// Replaces the initializer; before the value is first asked for.
  void set_initial(std::function<Tensor(const Shape &, DType, std::uint64_t seed)> initial) const;

  const void *id() const { return state_.get(); }

private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The seed that initializers and shuffling start from when none is given. Keras: set_random_seed.
void set_random_seed(std::uint64_t seed);

/// The variable's value inside a graph, as the layer that is being called uses it.
Value bind(trace::Graph &graph, const Variable &variable);

} // namespace lamina

#endif
