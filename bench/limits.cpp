#include "runtime/limits.h"
#include "bench/measure.h"

namespace lamina::bench {
namespace {

/// One row: the figure is measured by itself, so the loop has a single turn.
void row(const std::string &name, const std::string &counter, std::function<double(int threads)> figure) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State &state) {
                                 double value = 0;
                                 for (auto _ : state)
                                   value = figure(int(state.range(0)));
                                 state.counters[counter] = value;
                                 state.counters["of_limit"] = 1;
                               })
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

} // namespace

void register_limits() {
  row("limit/fma", "gflops", runtime::fma_peak);
  for (const runtime::CacheLevel &level : runtime::cache_levels())
    for (auto [name, access] : {std::pair("read", runtime::Access::read), std::pair("copy", runtime::Access::copy)})
      row(std::string("limit/") + name + "/" + level.name, "gbytes",
          [=](int threads) { return runtime::bandwidth(access, level.working_set * size_t(threads), threads); });
}

} // namespace lamina::bench
