#ifndef LAMINA_BENCH_PROGRAM_H
#define LAMINA_BENCH_PROGRAM_H

#include "bench/measure.h"

#include <lamina/ops.h>

#include <functional>
#include <string>
#include <vector>

namespace lamina::bench {

/// An expression as a model's inference function sees it: the first axis of inputs is open, weights are constant.
struct Program {
  std::vector<Shape> inputs;
  std::vector<Shape> weights;
  std::function<Value(const Values &inputs, const Values &weights)> body;
};

/// Registers the rows of a program on random arrays, its result written into the same array at each call.
void kernel(const std::string &name, const Work &work, const Program &program);

} // namespace lamina::bench

#endif
