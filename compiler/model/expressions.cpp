#include "lamina/expr.h"

#include "compiler/model/program.h"
#include "lamina/ops.h"

#include <map>
#include <mutex>

namespace lamina {
namespace {

struct Cache {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<Program>> programs;
  std::int64_t compiled = 0;
};

Cache &cache() {
  static Cache instance;
  return instance;
}

/// The first axis stays open in arrays of the largest rank that share its size; all else is part of the kernel.
std::vector<Shape> open_shapes(const detail::Leaves &leaves) {
  std::size_t rank = 0;
  std::int64_t batch = 1;
  for (const auto &[tensor, batched] : leaves.list)
    if (batched && tensor.rank() > rank) {
      rank = tensor.rank();
      batch = tensor.shape().front();
    }
  std::vector<Shape> shapes;
  for (const auto &[tensor, batched] : leaves.list) {
    if (!tensor.defined())
      throw Error("an expression refers to a tensor that holds nothing");
    Shape shape = tensor.shape();
    if (batched && rank > 0 && shape.rank() == rank && shape.front() == batch && batch != 1)
      shape[0] = none;
    shapes.push_back(shape);
  }
  return shapes;
}

std::vector<Tensor> tensors(const detail::Leaves &leaves) {
  std::vector<Tensor> result;
  for (const auto &leaf : leaves.list)
    result.push_back(leaf.tensor);
  return result;
}

trace::Graph traced(const std::vector<Shape> &shapes, const detail::Leaves &leaves,
                    const std::function<Values(trace::Graph &, std::span<const Value>)> &trace) {
  trace::Graph graph;
  Values arguments;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    arguments.push_back(graph.addInput("input_" + std::to_string(i), shapes[i], leaves.list[i].tensor.dtype()));
  Values results = trace(graph, arguments);
  for (std::size_t i = 0; i < results.size(); ++i)
    graph.addResult("output_" + std::to_string(i), results[i]);
  return graph;
}

std::vector<Tensor> run(const std::string &key, const detail::Leaves &leaves,
                        const std::function<trace::Graph()> &make) {
  Program *program;
  {
    std::lock_guard lock(cache().mutex);
    std::unique_ptr<Program> &place = cache().programs[key];
    if (!place) {
      place = std::make_unique<Program>(make());
      ++cache().compiled;
    }
    program = place.get();
  }
  std::vector<Tensor> inputs = tensors(leaves);
  return program->run(inputs);
}

} // namespace

std::int64_t compiled_expressions() {
  std::lock_guard lock(cache().mutex);
  return cache().compiled;
}

namespace detail {

std::vector<Tensor> evaluate(Leaves leaves,
                             const std::function<Values(trace::Graph &, std::span<const Value>)> &trace) {
  std::vector<Shape> shapes = open_shapes(leaves);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    leaves.add_key(leaves.list[i].tensor.dtype());
    leaves.add_key(shapes[i].rank());
    for (std::int64_t size : shapes[i])
      leaves.add_key(size);
  }
  return run(leaves.key, leaves, [&] { return traced(shapes, leaves, trace); });
}

std::vector<Tensor> evaluate_closure(Leaves leaves,
                                     const std::function<Values(trace::Graph &, std::span<const Value>)> &trace) {
  // What the function refers to is known only from the trace, so the trace is run each time; bound arrays stay with it.
  Program program(traced(open_shapes(leaves), leaves, trace));
  std::vector<Tensor> inputs = tensors(leaves);
  return program.run(inputs);
}

} // namespace detail

Tensor concatenate(const std::vector<Tensor> &list, std::int64_t axis) {
  detail::Leaves leaves;
  leaves.key = "concatenate";
  leaves.add_key(axis);
  leaves.add_key(list.size());
  for (const Tensor &tensor : list)
    leaves.add(tensor, false);
  return detail::evaluate(std::move(leaves), [axis](trace::Graph &, std::span<const Value> values) {
    return Values{concatenate(Values(values.begin(), values.end()), axis)};
  })[0];
}

} // namespace lamina
