#pragma once

#include <memory>
#include <span>
#include <vector>

#include "compiler/trace/Graph.h"
#include "lamina/tensor.h"
#include "runtime/executable.h"

namespace lamina {

/// A traced function, compiled, with the variables that its arguments stand for.
class Program {
public:
  /// Finishes and compiles the graph, for profiles or not.
  explicit Program(trace::Graph &&graph, bool profile = false);
  ~Program();

  /// Runs on the inputs, in the order in which they were added, and returns what updates nothing. Variables are read
  /// and written in place.
  std::vector<Tensor> run(std::span<const Tensor> inputs, std::uint64_t seed = 0,
                          const runtime::RunOptions &options = {});

private:
  std::vector<trace::Argument> arguments_;
  std::vector<trace::Result> results_;
  std::unique_ptr<runtime::Executable> executable_;
  std::uint64_t seen_ = 0;
  std::size_t outputs_ = 0;
};

} // namespace lamina
