#ifndef LAMINA_KERAS_TENSOR_H
#define LAMINA_KERAS_TENSOR_H

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <lamina/config.h>
#include <lamina/dtype.h>
#include <lamina/shape.h>

namespace lamina {

class LayerBase;
struct Node;

/// An edge of the graph of layers: what a layer gives when it is called on another edge or an Input.
class KerasTensor {
public:
  /// No tensor; only `defined` and assignment make sense.
  KerasTensor() = default;
  KerasTensor(std::shared_ptr<Node> node, std::size_t index) : node_(std::move(node)), index_(index) {}

  bool defined() const { return node_ != nullptr; }
  explicit operator bool() const { return defined(); }

  const Shape &shape() const;
  DType dtype() const;
  /// The layer that gives it.
  LayerBase &layer() const;
  /// All results of the call that gave this one.
  std::vector<KerasTensor> outputs() const;

  const std::shared_ptr<Node> &node() const { return node_; }
  std::size_t index() const { return index_; }
  bool operator==(const KerasTensor &other) const { return node_ == other.node_ && index_ == other.index_; }

private:
  std::shared_ptr<Node> node_;
  std::size_t index_ = 0;
};

/// Shape and element type of an edge.
struct TensorSpec {
  Shape shape;
  DType dtype = DType::Float32;
};

/// One call of a layer. In args and kwargs the i-th input is written {"__tensor__": i}.
struct Node {
  std::shared_ptr<LayerBase> layer;
  std::vector<KerasTensor> inputs;
  Config args = Config::List();
  Config kwargs = Config::dict();
  std::vector<TensorSpec> outputs;
  /// Calls are numbered in the order they were made.
  std::uint64_t number = 0;
};

/// An operand of a recorded operation: an edge or a plain value.
struct Argument {
  KerasTensor tensor;
  Config value;
  Argument(KerasTensor tensor) : tensor(std::move(tensor)) {}
  template <typename T>
    requires std::convertible_to<T, Config>
  Argument(const T &value) : value(value) {}
};

/// Records the operation of keras.ops of that class ("Add", "GetItem") as a node of the graph of layers.
/// Errors: an operation that is not known; shapes that do not fit.
KerasTensor record(std::string_view operation, const std::vector<Argument> &arguments,
                   const Config &config = Config::dict());

} // namespace lamina

#endif
