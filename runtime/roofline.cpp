#include "runtime/roofline.h"

#include <algorithm>

#include "runtime/limits.h"

namespace lamina::runtime {
namespace {

constexpr std::size_t memory_bytes = std::size_t(256) << 20;
/// Each core has a first and a second level of its own.
constexpr std::size_t private_levels = 2;

/// What all threads reach, or one, where the machine had no cores left for the others.
template <typename Measure> double fastest(int threads, Measure &&measure) {
  return threads == 1 ? measure(1) : std::max(measure(1), measure(threads));
}

} // namespace

const Roofline::Rate &Roofline::arithmetic() {
  if (arithmetic_.name.empty())
    arithmetic_ = {"FMA", fastest(threads_, fma_peak)};
  return arithmetic_;
}

const Roofline::Rate &Roofline::memory(std::int64_t bytes) {
  std::vector<CacheLevel> levels = cache_levels();
  memory_.resize(levels.size());
  std::size_t index = 0;
  auto room = [&](std::size_t level) {
    return levels[level].size * (level < private_levels ? static_cast<std::size_t>(threads_) : 1);
  };
  while (index + 1 < levels.size() && static_cast<std::size_t>(bytes) > room(index))
    ++index;
  Rate &rate = memory_[index];
  if (rate.name.empty()) {
    std::size_t touched = levels[index].size == 0 ? memory_bytes : levels[index].working_set;
    rate = {levels[index].name, fastest(threads_, [&](int used) {
              std::size_t total = index < private_levels ? touched * static_cast<std::size_t>(used) : touched;
              return std::max(bandwidth(Access::read, total, used), bandwidth(Access::copy, total, used));
            })};
  }
  return rate;
}

Roofline::Bound Roofline::bound(const KernelProfile &kernel) {
  const Rate &memory = this->memory(kernel.within);
  const Rate &arithmetic = this->arithmetic();
  Bound computing{arithmetic.name, 1e-3 * static_cast<double>(kernel.flops) / arithmetic.giga};
  Bound moving{memory.name, 1e-3 * static_cast<double>(kernel.bytes) / memory.giga};
  return computing.microseconds > moving.microseconds ? computing : moving;
}

} // namespace lamina::runtime
