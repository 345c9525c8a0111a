#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lamina/value.h"
#include "lamina/variable.h"

namespace lamina {
class LayerBase;
}

namespace lamina::trace {

enum class Kind { Input, Weight, State, Seed };

/// An argument of the traced function, and where its value comes from at a call.
struct Argument {
  Kind kind = Kind::Input;
  std::string name;
  Shape shape;
  DType dtype = DType::Float32;
  /// Inputs: the position in the caller's list. Weights and states: one of the two.
  std::size_t input = 0;
  Variable variable = {};
  Tensor tensor = {};
};

struct Result {
  std::string name;
  Shape shape;
  DType dtype = DType::Float32;
  /// The argument that the result is written into; -1: an output.
  int updates = -1;
};

/// A function being traced: the only place that builds the dialect's ops, and always by name.
///
/// Beside the ops it keeps what one trace of a model needs: whether it trains, masks of values, collected losses,
/// updates of variables, the seed.
class Graph {
public:
  Graph();
  Graph(Graph &&) noexcept;
  Graph &operator=(Graph &&) noexcept;
  ~Graph();

  /// The size of a dimension of the shape may be `none`.
  Value addInput(const std::string &name, const Shape &shape, DType dtype);
  /// The variable's value at this point of the trace: its last update, or its argument.
  Value read(const Variable &variable);
  /// The argument that stands for the variable at entry.
  Value argument(const Variable &variable);
  Value bind(const Tensor &tensor);
  /// The call's random seed.
  Value seed();
  /// A number that no other random op of this trace has.
  std::int64_t nextStream() { return streams++; }

  Values emit(std::string_view op, std::span<const Value> operands, const Attrs &attrs);
  Value constant(double value, DType dtype, const Shape &shape);
  Value constant(const Tensor &value);
  Values scan(std::span<const Value> states, std::span<const Value> sequences,
              const std::function<ScanStep(std::span<const Value>, std::span<const Value>)> &step, bool reverse);
  /// d Σ⟨loss, cotangent⟩ / d wrt. A loss without cotangent counts as it is.
  Values gradient(std::span<const Value> losses, std::span<const Value> cotangents, std::span<const Value> wrt);

  /// Sets the variable: later reads see it, and the finished function writes it back.
  void update(const Variable &variable, const Value &value);
  void addResult(const std::string &name, const Value &value);
  /// Forgets all updates.
  void dropUpdates();

  Value mask(const Value &value) const;
  void setMask(const Value &value, const Value &mask);

  /// Ops built meanwhile belong to this layer; or to a loss or an optimizer, which errors do not call a layer.
  class Scope {
  public:
    Scope(Graph &graph, const std::string &name, bool isLayer = true);
    ~Scope();
    Scope(const Scope &) = delete;

  private:
    Graph &graph;
  };

  /// Ends the trace: adds the updates and checks the function. Nothing may be emitted afterwards.
  void finish();

  const std::vector<Argument> &arguments() const;
  const std::vector<Result> &results() const;
  /// The function as text.
  std::string str() const;

  bool training = false;
  Values losses;
  /// Layers that are being called, innermost last.
  std::vector<LayerBase *> callers;

  struct Impl;
  Impl &impl() { return *pimpl; }

private:
  std::unique_ptr<Impl> pimpl;
  std::int64_t streams = 0;
};

} // namespace lamina::trace
