#include "bench/measure.h"

#include <lamina/error.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <tuple>

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

} // namespace

void measure(benchmark::State &state, const Work &work, int threads, const std::function<void()> &call) {
  using Clock = std::chrono::steady_clock;
  double most = limit(work, threads), fastest = std::numeric_limits<double>::infinity();
  call();
  for (auto _ : state) {
    auto begin = Clock::now();
    call();
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    fastest = std::min(fastest, seconds);
  }
  double gflops = 1e-9 * work.flops / fastest, gbytes = 1e-9 * work.bytes / fastest;
  state.counters["gflops"] = gflops;
  state.counters["gbytes"] = gbytes;
  state.counters["of_limit"] = (work.bound == Work::Bound::fma ? gflops : gbytes) / most;
}

void kernel(const std::string &name, const Work &work, std::function<std::function<void()>(int threads)> prepare) {
  auto run = [work, prepare](benchmark::State &state) {
    int threads = int(state.range(0));
    try {
      measure(state, work, threads, prepare(threads));
    } catch (const Error &error) {
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond);
}

} // namespace lamina::bench
