#include "bench/program.h"

#include "compiler/Compiler.h"

#include <random>

namespace lamina::bench {

Code::Code(trace::Graph &&graph, const std::vector<Tensor> &inputs, bool profile) {
  graph.finish();
  for (const trace::Argument &argument : graph.arguments())
    switch (argument.kind) {
    case trace::Kind::Input: arguments_.push_back(inputs[argument.input]); break;
    case trace::Kind::Seed: arguments_.push_back(Tensor::scalar(std::int64_t(1))); break;
    case trace::Kind::Weight:
    case trace::Kind::State:
      arguments_.push_back(argument.variable.defined() ? argument.variable.value() : argument.tensor);
    }
  for (const trace::Result &result : graph.results())
    if (result.updates < 0)
      results_.emplace_back();
  executable_ = compiler::compile(std::move(graph), {.profile = profile});
}

Tensor random_array(const Shape &shape, unsigned seed) {
  Tensor array(shape, DType::Float32);
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  for (float &value : array.values<float>())
    value = uniform(engine);
  return array;
}

void kernel(const std::string &name, const Work &work, const Program &program) {
  row(name, [work, program](int threads) {
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
    auto code = std::make_shared<Code>(std::move(graph), arrays);
    return Subject{figures(work, threads), [=] { code->run({.threads = threads}); }};
  });
}

} // namespace lamina::bench
