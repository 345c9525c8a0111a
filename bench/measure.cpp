#include "bench/measure.h"

#include <lamina/error.h>

#include <time.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "bench/progress.h"
#include "runtime/limits.h"

namespace lamina::bench {
namespace {

/// In 1e9 a second. Measured once a run.
double limit(const Work &work, int threads) {
  static std::map<std::tuple<Work::Bound, double, int>, double> measured;
  double bytes = work.bound == Work::Bound::fma ? 0 : work.bytes;
  // Several threads can do what one can.
  double least = threads > 1 ? limit(work, 1) : 0;
  auto [entry, missing] = measured.try_emplace({work.bound, bytes, threads});
  if (missing) {
    runtime::Access access = work.bound == Work::Bound::read ? runtime::Access::read : runtime::Access::copy;
    double most = work.bound == Work::Bound::fma ? runtime::fma_peak(threads)
                                                 : runtime::bandwidth(access, size_t(work.bytes), threads);
    entry->second = std::max(most, least);
  }
  return entry->second;
}

/// What one thread takes counts while it is on a core: what other processes take of the core is not the kernel's.
double now(int threads) {
  timespec time{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

void measure(benchmark::State &state, int threads, const Subject &subject) {
  // Looking at the clock takes half a microsecond: short calls are timed several together.
  constexpr double enough = 20e-6;
  double fastest = std::numeric_limits<double>::infinity();
  auto time = [&](int calls) {
    double begin = now(threads);
    for (int i = 0; i < calls; ++i)
      subject.call();
    return (now(threads) - begin) / calls;
  };
  time(1);
  int calls = 1 + int(enough / std::max(1e-8, time(10)));
  while (state.KeepRunningBatch(calls))
    fastest = std::min(fastest, time(calls));
  state.counters["gflops"] = 1e-9 * subject.figures.flops / fastest;
  state.counters["gbytes"] = 1e-9 * subject.figures.bytes / fastest;
  state.counters["of_limit"] = subject.figures.least_seconds / fastest;
}

} // namespace

Figures figures(const Work &work, int threads) {
  double amount = work.bound == Work::Bound::fma ? work.flops : work.bytes;
  return {work.flops, work.bytes, 1e-9 * amount / limit(work, threads)};
}

benchmark::internal::Benchmark *row(const std::string &name, std::function<Subject(int threads)> prepare) {
  auto title = [name](int threads) { return name + "/threads:" + std::to_string(threads); };
  auto run = [prepare, title](benchmark::State &state) {
    int threads = int(state.range(0));
    Running progress(title(threads));
    try {
      measure(state, threads, prepare(threads));
    } catch (const Error &error) {
      state.SkipWithError(error.what());
    }
  };
  benchmark::internal::Benchmark *row = benchmark::RegisterBenchmark(name.c_str(), run);
  for (int threads : {1, 2}) {
    row->Arg(threads);
    expect_row(title(threads));
  }
  return row->ArgName("threads")->Unit(benchmark::kMicrosecond);
}

} // namespace lamina::bench
