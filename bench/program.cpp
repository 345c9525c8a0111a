#include "bench/program.h"

#include "compiler/Compiler.h"
#include "compiler/trace/Graph.h"
#include "runtime/executable.h"

#include <memory>
#include <random>

namespace lamina::bench {
namespace {

Tensor random_array(const Shape &shape, unsigned seed) {
  Tensor array(shape, DType::Float32);
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  for (float &value : array.values<float>())
    value = uniform(engine);
  return array;
}

std::function<void()> prepare(const Program &program, int threads) {
  trace::Graph graph;
  Values inputs, weights;
  std::vector<Tensor> arrays;
  unsigned seed = 0;
  for (const Shape &shape : program.inputs) {
    arrays.push_back(random_array(shape, ++seed));
    Shape open = shape;
    open[0] = none;
    inputs.push_back(graph.addInput("input_" + std::to_string(inputs.size()), open, DType::Float32));
  }
  for (const Shape &shape : program.weights)
    weights.push_back(graph.bind(random_array(shape, ++seed)));
  graph.addResult("output_0", program.body(inputs, weights));
  graph.finish();
  std::vector<Tensor> arguments;
  for (const trace::Argument &argument : graph.arguments())
    arguments.push_back(argument.kind == trace::Kind::Input ? arrays[argument.input] : argument.tensor);
  std::shared_ptr<runtime::Executable> code = compiler::compile(std::move(graph));
  return [=, results = std::vector<Tensor>(1)]() mutable { code->run(arguments, results, {.threads = threads}); };
}

} // namespace

void kernel(const std::string &name, const Work &work, const Program &program) {
  kernel(name, work, [program](int threads) { return prepare(program, threads); });
}

} // namespace lamina::bench
