#include "bench/measure.h"
#include "runtime/limits.h"

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  lamina::bench::register_limits();
  lamina::bench::register_kernels();
  lamina::bench::register_layers();
  benchmark::AddCustomContext("vectors", lamina::runtime::vector_extension());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
