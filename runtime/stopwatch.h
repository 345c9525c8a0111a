#ifndef LAMINA_RUNTIME_STOPWATCH_H
#define LAMINA_RUNTIME_STOPWATCH_H

#include <chrono>

#include <lamina/profile.h>

#include "runtime/abi.h"

namespace lamina::runtime {

/// Adds up in a profile what code compiled for profiles marks while it runs. Time counts from construction.
class Stopwatch {
public:
  /// The context is the pool's; the profile has an entry for each of the code's sites. Both outlive the stopwatch.
  Stopwatch(const lamina_context &context, Profile &profile);
  Stopwatch(const Stopwatch &) = delete;
  Stopwatch &operator=(const Stopwatch &) = delete;

  /// What the code takes instead of the pool's context.
  const lamina_context *context() const { return &context_; }

  /// Counts the time since the last mark as outside of kernels.
  void stop() { mark(outside, 0, 0, 0); }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::int64_t outside = -1;

  struct Context : lamina_context {
    Stopwatch *stopwatch;
  };

  void mark(std::int64_t site, std::int64_t flops, std::int64_t bytes, std::int64_t within);

  Context context_;
  Profile &profile_;
  Clock::time_point last_;
};

} // namespace lamina::runtime

#endif
