#ifndef LAMINA_BENCH_MEASURE_H
#define LAMINA_BENCH_MEASURE_H

#include "runtime/limits.h"

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

namespace lamina::bench {

/// What one call of a kernel has to do at least, and so which limit of the machine it is measured against.
struct Work {
  enum class Bound { fma, read, copy } bound = Bound::fma;
  double flops = 0;
  double bytes = 0; ///< read once and written once; also the size that decides which cache answers
};

/// Times `call` in the loop of `state` and sets the counters `gflops`, `gbytes` and `of_limit` from the fastest call,
/// as the limit is the fastest sample too. The time column is the mean.
void measure(benchmark::State &state, const Work &work, int threads, const std::function<void()> &call);

/// Registers `name`/threads:1 and `name`/threads:2. `prepare` makes the arrays and returns the call to time.
void kernel(const std::string &name, const Work &work, std::function<std::function<void()>(int threads)> prepare);

/// Registers the limits themselves.
void register_limits();

/// Registers the rows of bench/kernels.
void register_kernels();

} // namespace lamina::bench

#endif
