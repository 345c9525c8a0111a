#include "runtime/stopwatch.h"

#include <algorithm>

namespace lamina::runtime {

Stopwatch::Stopwatch(const lamina_context &context, Profile &profile)
    : context_{context, this}, profile_(profile), last_(Clock::now()) {
  context_.mark = [](const lamina_context *self, std::int64_t site, std::int64_t flops, std::int64_t bytes,
                     std::int64_t within) {
    static_cast<const Context *>(self)->stopwatch->mark(site, flops, bytes, within);
  };
}

void Stopwatch::mark(std::int64_t site, std::int64_t flops, std::int64_t bytes, std::int64_t within) {
  double elapsed = std::chrono::duration<double, std::micro>(Clock::now() - last_).count();
  if (site == outside) {
    profile_.other_microseconds += elapsed;
  } else {
    KernelProfile &kernel = profile_.kernels[static_cast<std::size_t>(site)];
    ++kernel.calls;
    kernel.microseconds += elapsed;
    kernel.flops += flops;
    kernel.bytes += bytes;
    kernel.within = std::max(kernel.within, within);
  }
  // What the stopwatch itself does belongs to nobody.
  last_ = Clock::now();
}

} // namespace lamina::runtime
