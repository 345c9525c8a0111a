#ifndef LAMINA_VALUE_H
#define LAMINA_VALUE_H

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lamina/dtype.h>
#include <lamina/shape.h>
#include <lamina/tensor.h>

namespace lamina {

namespace trace {
class Graph;
}

/// A symbolic tensor: a value of the graph that is being traced.
class Value {
public:
  /// No value; only `defined` and assignment make sense.
  Value() = default;
  Value(void *impl, trace::Graph &graph) : impl_(impl), graph_(&graph) {}

  bool defined() const { return impl_ != nullptr; }
  explicit operator bool() const { return defined(); }

  /// `none` where a dimension is open.
  Shape shape() const;
  DType dtype() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(shape().rank()); }

  trace::Graph &graph() const { return *graph_; }
  void *impl() const { return impl_; }

private:
  void *impl_ = nullptr;
  trace::Graph *graph_ = nullptr;
};

using Values = std::vector<Value>;

/// The value of an attribute of an op.
class Attr {
public:
  using Storage =
      std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>, DType>;

  Attr(bool value) : storage_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Attr(T value) : storage_(static_cast<std::int64_t>(value)) {}
  template <std::floating_point T> Attr(T value) : storage_(static_cast<double>(value)) {}
  Attr(const char *value) : storage_(std::string(value)) {}
  Attr(std::string value) : storage_(std::move(value)) {}
  Attr(std::vector<std::int64_t> value) : storage_(std::move(value)) {}
  Attr(const Shape &value) : storage_(std::vector<std::int64_t>(value.begin(), value.end())) {}
  Attr(std::vector<double> value) : storage_(std::move(value)) {}
  Attr(DType value) : storage_(value) {}

  const Storage &storage() const { return storage_; }

private:
  Storage storage_;
};

using Attrs = std::vector<std::pair<std::string_view, Attr>>;

/// Builds the op lamina.<op>. Its result's type comes from the op itself.
/// Errors: what the op's inference or verifier objects to, with the name of the layer.
Value emit(std::string_view op, std::initializer_list<Value> operands, const Attrs &attrs = {});
Value emit(std::string_view op, std::span<const Value> operands, const Attrs &attrs = {});
/// The same for ops of any number of results.
Values emit_all(std::string_view op, std::span<const Value> operands, const Attrs &attrs = {});

/// A constant of the given shape, every element the same.
Value constant(trace::Graph &graph, double value, DType dtype, const Shape &shape = {});
/// A constant array.
Value constant(trace::Graph &graph, const Tensor &value);

/// The tensor as an argument of the graph: changing its elements later changes the result.
Value bind(trace::Graph &graph, const Tensor &tensor);

/// The size of an axis as an index operand of reshape, broadcast_to and the like, for dimensions that are open.
Value dim(const Value &x, std::int64_t axis);

/// What one step of a scan gives: the next states, and a slice of each output.
struct ScanStep {
  Values states;
  Values outputs;
};

/// Runs step over axis 0 of the sequences. Gives the last states, then each output with the steps in axis 0
/// (in the order of the sequence, also where `reverse` walks it from the end).
Values scan(std::span<const Value> states, std::span<const Value> sequences,
            const std::function<ScanStep(std::span<const Value> states, std::span<const Value> slices)> &step,
            bool reverse = false);

/// d loss / d wrt for a scalar loss, one value for each of wrt.
Values gradient(const Value &loss, std::span<const Value> wrt);

} // namespace lamina

#endif
