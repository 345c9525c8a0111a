#include "runtime/parallel_for.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <lamina/error.h>

namespace lamina::runtime {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto spin_time = std::chrono::microseconds(50);
constexpr int pauses_between_clock_reads = 32;
constexpr std::int64_t pieces_per_thread = 4;
constexpr int most_threads = 1024;
constexpr std::uint64_t closed = 0xffffffff;

/// Set while this thread runs a piece: loops that it meets then are run by it alone.
thread_local bool inside_loop = false;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Spins until done() or the time is over; whether it was done.
template <typename F> bool spin_until(F &&done, Clock::duration time) {
  if (done())
    return true;
  auto end = Clock::now() + time;
  do {
    for (int i = 0; i < pauses_between_clock_reads; ++i) {
      pause();
      if (done())
        return true;
    }
  } while (Clock::now() < end);
  return false;
}

std::int64_t piece_begin(std::int64_t count, std::int64_t pieces, std::int64_t piece) {
  std::int64_t whole = count / pieces, rest = count % pieces;
  return whole * piece + std::min(piece, rest);
}

} // namespace

struct alignas(64) ThreadPool::State {
  /// The part of a loop that one thread begins with: the same one of every loop, so that what it wrote is in its cache.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> ticket{0};
  };

  // The loop under way. A ticket is (loop number << 32 | next piece of the share). Whoever raises it from (n, i) to (n,
  // i + 1) owns piece i of loop n, and the fields read in between were loop n's: they change only while all tickets are
  // closed.
  std::vector<Share> shares;
  alignas(64) std::atomic<lamina_body> body{nullptr};
  std::atomic<void *> closure{nullptr};
  std::atomic<std::int64_t> count{0};
  std::atomic<std::uint32_t> pieces{0};

  alignas(64) std::atomic<std::uint32_t> unfinished{0};
  alignas(64) std::atomic<std::uint32_t> wake_calls{0};
  std::atomic<std::uint32_t> asleep{0};
  std::atomic<bool> caller_asleep{false};
  std::atomic<bool> stop{false};

  std::mutex one_loop;
  Clock::duration spin = spin_time;
  std::vector<std::thread> workers;

  /// Takes pieces of the thread's own share until none is left, then those of others; returns the own ticket that had
  /// none.
  std::uint64_t work(std::size_t thread) {
    std::uint64_t own = empty(thread);
    for (std::size_t i = 1; i < shares.size(); ++i)
      empty((thread + i) % shares.size());
    return own;
  }

  std::uint64_t empty(std::size_t share) {
    std::atomic<std::uint64_t> &ticket = shares[share].ticket;
    for (std::uint64_t now = ticket.load(std::memory_order_acquire);;) {
      std::uint32_t of = pieces.load(std::memory_order_acquire);
      std::int64_t end = piece_begin(of, shares.size(), share + 1);
      std::int64_t piece = piece_begin(of, shares.size(), share) + static_cast<std::uint32_t>(now);
      lamina_body run = body.load(std::memory_order_acquire);
      void *with = closure.load(std::memory_order_acquire);
      std::int64_t items = count.load(std::memory_order_acquire);
      if (piece >= end)
        return now;
      if (!ticket.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire))
        continue;
      run(with, piece_begin(items, of, piece), piece_begin(items, of, piece + 1));
      if (unfinished.fetch_sub(1, std::memory_order_seq_cst) == 1 && caller_asleep.load(std::memory_order_seq_cst))
        unfinished.notify_all();
      now = ticket.load(std::memory_order_acquire);
    }
  }

  void worker(std::size_t thread) {
    inside_loop = true;
    std::atomic<std::uint64_t> &ticket = shares[thread].ticket;
    std::uint64_t seen = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      auto changed = [&] {
        return ticket.load(std::memory_order_relaxed) != seen || stop.load(std::memory_order_relaxed);
      };
      if (!spin_until(changed, spin)) {
        std::uint32_t calls = wake_calls.load(std::memory_order_seq_cst);
        asleep.fetch_add(1, std::memory_order_seq_cst);
        if (ticket.load(std::memory_order_seq_cst) == seen && !stop.load(std::memory_order_seq_cst))
          wake_calls.wait(calls, std::memory_order_seq_cst);
        asleep.fetch_sub(1, std::memory_order_seq_cst);
        continue;
      }
      seen = work(thread);
    }
  }

  void wake() {
    if (asleep.load(std::memory_order_seq_cst) == 0)
      return;
    wake_calls.fetch_add(1, std::memory_order_seq_cst);
    wake_calls.notify_all();
  }
};

ThreadPool::ThreadPool(int threads) {
  if (threads < 1 || threads > most_threads)
    throw Error("the number of threads must be from 1 to " + std::to_string(most_threads) + ", not " +
                std::to_string(threads));
  context_.threads = threads;
  context_.pool = this;
  context_.parallel_for = [](const lamina_context *context, std::int64_t count, lamina_body body, void *closure) {
    static_cast<const ThreadPool *>(context->pool)->run(count, body, closure);
  };
  if (threads == 1)
    return;
  state_ = std::make_unique<State>();
  state_->shares = std::vector<State::Share>(threads);
  if (threads > available_cpus())
    state_->spin = Clock::duration::zero();
  try {
    for (int i = 1; i < threads; ++i)
      state_->workers.emplace_back([state = state_.get(), i] { state->worker(i); });
  } catch (const std::system_error &) {
    // Fewer threads than asked for is slower, never wrong.
  }
}

ThreadPool::~ThreadPool() {
  if (!state_)
    return;
  state_->stop.store(true);
  state_->wake_calls.fetch_add(1);
  state_->wake_calls.notify_all();
  for (std::thread &worker : state_->workers)
    worker.join();
}

void ThreadPool::run(std::int64_t count, lamina_body body, void *closure) const {
  if (count <= 0)
    return;
  if (!state_ || count == 1 || inside_loop || !state_->one_loop.try_lock()) {
    body(closure, 0, count);
    return;
  }
  std::lock_guard lock(state_->one_loop, std::adopt_lock);
  State &state = *state_;
  auto pieces = static_cast<std::uint32_t>(std::min(count, pieces_per_thread * context_.threads));
  std::uint64_t loop = ((state.shares[0].ticket.load(std::memory_order_relaxed) >> 32) + 1) << 32;
  for (State::Share &share : state.shares)
    share.ticket.store(loop | closed, std::memory_order_relaxed);
  state.unfinished.store(pieces, std::memory_order_relaxed);
  state.body.store(body, std::memory_order_release);
  state.closure.store(closure, std::memory_order_release);
  state.count.store(count, std::memory_order_release);
  state.pieces.store(pieces, std::memory_order_release);
  for (State::Share &share : state.shares)
    share.ticket.store(loop, std::memory_order_seq_cst);
  state.wake();

  inside_loop = true;
  state.work(0);
  inside_loop = false;

  auto finished = [&] { return state.unfinished.load(std::memory_order_acquire) == 0; };
  if (spin_until(finished, state.spin))
    return;
  state.caller_asleep.store(true, std::memory_order_seq_cst);
  for (std::uint32_t left; (left = state.unfinished.load(std::memory_order_seq_cst)) != 0;)
    state.unfinished.wait(left, std::memory_order_seq_cst);
  state.caller_asleep.store(false, std::memory_order_relaxed);
}

int available_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPool &thread_pool(int threads) {
  static std::mutex mutex;
  static std::map<int, ThreadPool> pools;
  if (threads == 0)
    threads = std::min(available_cpus(), most_threads);
  std::lock_guard lock(mutex);
  return pools.try_emplace(threads, threads).first->second;
}

} // namespace lamina::runtime

extern "C" void lamina_parallel_for(const lamina_context *context, std::int64_t count, lamina_body body,
                                    void *closure) {
  context->parallel_for(context, count, body, closure);
}

extern "C" const lamina_context *lamina_default_context(void) { return lamina::runtime::thread_pool().context(); }
