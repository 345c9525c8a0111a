#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/model/network.h"
#include "compiler/model/program.h"
#include "lamina/model.h"

namespace lamina {

/// What a compiled model needs to train: the traced step and evaluation, and what their results are called.
struct Model::State {
  std::shared_ptr<Network> network;
  std::optional<CompileArguments> compiled;
  /// As the file had it, or as compile made it.
  Config compile_config = Config::dict();
  /// Why the file's settings are not used.
  std::string compile_problem;
  /// Traced functions by the kind of call and what its arguments look like.
  std::map<std::string, std::unique_ptr<Program>> programs;
  std::int64_t compilations = 0;

  Program &program(std::string key, bool profile, const std::function<trace::Graph()> &make);
  const Network &graph() const;
  /// Errors: another number of arrays, shapes or batches that do not fit. Converts dtypes.
  std::vector<Tensor> checked_inputs(const std::vector<Tensor> &x) const;
};

/// The sum of all regularization losses: of weights, and what layers have added. No value where there are none.
Value regularization_losses(trace::Graph &graph, const Network &network);
/// Values of the model's outputs from inputs added to the graph.
Values traced_outputs(trace::Graph &graph, const Network &network, Values &inputs);
/// The model's call: its inputs to its outputs.
trace::Graph traced_run(const Network &network, bool training);
/// Inputs, then a cotangent an output, to the derivatives for floating-point inputs, then trainable weights.
trace::Graph traced_gradients(const Network &network, bool training);

std::string summary_text(const Network &network, const Optimizer *optimizer);
Config compile_config(const CompileArguments &arguments);
/// What a file's compile_config says; none where it has no optimizer or no loss. Errors: settings that are not known.
std::optional<CompileArguments> compile_arguments(const Config &config);

} // namespace lamina
