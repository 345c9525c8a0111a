#include "compiler/model/program.h"

#include "compiler/Compiler.h"

namespace lamina {

Program::Program(trace::Graph &&graph, bool profile) {
  graph.finish();
  arguments_ = graph.arguments();
  results_ = graph.results();
  for (const trace::Result &result : results_)
    outputs_ += result.updates < 0;
  executable_ = compiler::compile(std::move(graph), {.profile = profile});
}

Program::~Program() = default;

std::vector<Tensor> Program::run(std::span<const Tensor> inputs, std::uint64_t seed,
                                 const runtime::RunOptions &options) {
  std::vector<Tensor> values;
  std::uint64_t version = 1;
  for (const trace::Argument &argument : arguments_) {
    switch (argument.kind) {
    case trace::Kind::Input: values.push_back(inputs[argument.input]); break;
    case trace::Kind::Seed: values.push_back(Tensor::scalar(static_cast<std::int64_t>(seed))); break;
    case trace::Kind::Weight:
    case trace::Kind::State:
      values.push_back(argument.variable.defined() ? argument.variable.value() : argument.tensor);
      if (argument.kind == trace::Kind::Weight && argument.variable.defined())
        version += argument.variable.version();
    }
  }
  if (version != seen_ && seen_ != 0)
    executable_->weights_changed();
  seen_ = version;
  std::vector<Tensor> results(outputs_);
  executable_->run(values, results, options);
  for (const trace::Result &result : results_)
    if (result.updates >= 0)
      arguments_[static_cast<std::size_t>(result.updates)].variable.mark_changed();
  return results;
}

} // namespace lamina
