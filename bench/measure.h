#ifndef LAMINA_BENCH_MEASURE_H
#define LAMINA_BENCH_MEASURE_H

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

/// What a row counts, and the least time that the machine allows for it.
struct Figures {
  double flops = 0;
  double bytes = 0;
  double least_seconds = 0;
};

Figures figures(const Work &work, int threads);

/// What a row times.
struct Subject {
  Figures figures;
  std::function<void()> call;
};

/// Registers `name`/threads:1 and `name`/threads:2. `prepare` makes the arrays.
///
/// The counters `gflops`, `gbytes` and `of_limit` come from the fastest call, as the limit is the fastest sample too.
/// The time column is the mean.
benchmark::internal::Benchmark *row(const std::string &name, std::function<Subject(int threads)> prepare);

/// Registers the limits themselves.
void register_limits();

/// Registers the rows of bench/kernels.
void register_kernels();

/// Registers the rows of bench/layers.
void register_layers();

} // namespace lamina::bench

#endif
