#ifndef LAMINA_BENCH_PROGRAM_H
#define LAMINA_BENCH_PROGRAM_H

#include "bench/measure.h"
#include "compiler/trace/Graph.h"
#include "runtime/executable.h"

#include <lamina/ops.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lamina::bench {

/// A compiled function with its arguments; results are written into the same arrays at each call.
class Code {
public:
  Code(trace::Graph &&graph, const std::vector<Tensor> &inputs, bool profile = false);
  void run(const runtime::RunOptions &options) { executable_->run(arguments_, results_, options); }
  std::int64_t results() const { return static_cast<std::int64_t>(results_.size()); }

private:
  std::vector<Tensor> arguments_, results_;
  std::unique_ptr<runtime::Executable> executable_;
};

/// Numbers between -0.5 and 0.5.
Tensor random_array(const Shape &shape, unsigned seed);

/// An expression as a model's inference function sees it: the first axis of inputs is open, weights are constant.
struct Program {
  std::vector<Shape> inputs;
  std::vector<Shape> weights;
  std::function<Value(const Values &inputs, const Values &weights)> body;
};

/// Registers the rows of a program on random arrays.
void kernel(const std::string &name, const Work &work, const Program &program);

} // namespace lamina::bench

#endif
