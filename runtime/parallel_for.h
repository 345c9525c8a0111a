#ifndef LAMINA_RUNTIME_PARALLEL_FOR_H
#define LAMINA_RUNTIME_PARALLEL_FOR_H

#include <memory>
#include <type_traits>

#include "runtime/abi.h"

namespace lamina::runtime {

/// Threads that share loops. Workers spin for some 50 µs after their last work, then sleep.
///
/// A loop is cut at places that depend on its count and the pool's size alone; whichever thread is free takes the next
/// piece, so a thread that the system holds back delays nobody. One loop runs at a time: a loop inside a loop, or from
/// a second thread, runs on its caller alone.
class ThreadPool {
public:
  /// threads counts the caller. Errors: threads < 1 or unreasonably many.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return static_cast<int>(context_.threads); }

  void run(std::int64_t count, lamina_body body, void *closure) const;

  /// What compiled code takes; lives as long as the pool.
  const lamina_context *context() const { return &context_; }

private:
  struct State;
  std::unique_ptr<State> state_;
  lamina_context context_{};
};

/// The process's pool of that many threads, made on first use; 0 is one a CPU that the process may use.
ThreadPool &thread_pool(int threads = 0);

/// CPUs that the process may use.
int available_cpus();

/// body(begin, end) over [0, count). The body must not throw.
template <typename F> void parallel_for(const ThreadPool &pool, std::int64_t count, F &&body) {
  using Body = std::remove_reference_t<F>;
  pool.run(
      count, [](void *closure, std::int64_t begin, std::int64_t end) { (*static_cast<Body *>(closure))(begin, end); },
      const_cast<void *>(static_cast<const void *>(&body)));
}

} // namespace lamina::runtime

#endif
