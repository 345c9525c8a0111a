#include "runtime/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <thread>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define LAMINA_TARGET(features) __attribute__((target(features)))
#endif

#include "runtime/memory.h"

namespace lamina::runtime {
namespace {

typedef float Vec4 __attribute__((vector_size(16)));
typedef float Vec8 __attribute__((vector_size(32)));
typedef float Vec16 __attribute__((vector_size(64)));

// Several threads need longer to be all on a core at once, where other processes want the cores too.
constexpr double window_seconds = 0.08, window_seconds_of_several = 0.3;
constexpr double sample_seconds = 2e-4;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Says that memory was read and written, so that no loop is dropped or merged with the next.
inline void keep(void *pointer) { asm volatile("" : : "r"(pointer) : "memory"); }

// The kernels are plain vector code; a wrapper a vector extension compiles them for it.

template <class Vec, int chains> [[gnu::always_inline]] inline void fma_chains(long steps) {
  Vec accumulator[chains], scale = Vec{} + 0.9999f, offset = Vec{} + 0.0001f;
  for (int i = 0; i < chains; ++i)
    accumulator[i] = Vec{} + float(i);
  keep(&scale);
  keep(&offset);
  Vec x = scale, y = offset;
  for (long step = 0; step < steps; ++step)
#pragma GCC unroll 16
    for (int i = 0; i < chains; ++i)
      accumulator[i] = accumulator[i] * x + y;
  keep(&accumulator);
}

template <class Vec> [[gnu::always_inline]] inline void read_all(const float *data, size_t count) {
  constexpr int lanes = sizeof(Vec) / sizeof(float), unroll = 8;
  Vec sums[unroll] = {};
  for (size_t i = 0; i + unroll * lanes <= count; i += unroll * lanes)
#pragma GCC unroll 8
    for (int u = 0; u < unroll; ++u)
      sums[u] += *reinterpret_cast<const Vec *>(data + i + u * lanes);
  keep(&sums);
}

template <class Vec> [[gnu::always_inline]] inline void copy_all(const float *from, float *to, size_t count) {
  constexpr int lanes = sizeof(Vec) / sizeof(float), unroll = 4;
  for (size_t i = 0; i + unroll * lanes <= count; i += unroll * lanes)
#pragma GCC unroll 4
    for (int u = 0; u < unroll; ++u)
      *reinterpret_cast<Vec *>(to + i + u * lanes) = *reinterpret_cast<const Vec *>(from + i + u * lanes);
  keep(to);
}

struct Kernels {
  const char *name;
  int flops_a_step;
  void (*fma)(long steps);
  void (*read)(const float *data, size_t count);
  void (*copy)(const float *from, float *to, size_t count);
  void (*stream)(const float *from, float *to, size_t count); // may be null
};

void fma_baseline(long steps) { fma_chains<Vec4, 8>(steps); }
void read_baseline(const float *data, size_t count) { read_all<Vec4>(data, count); }
void copy_baseline(const float *from, float *to, size_t count) { copy_all<Vec4>(from, to, count); }

#if defined(__x86_64__)
LAMINA_TARGET("avx2,fma") void fma_avx2(long steps) { fma_chains<Vec8, 12>(steps); }
LAMINA_TARGET("avx2,fma") void read_avx2(const float *data, size_t count) { read_all<Vec8>(data, count); }
LAMINA_TARGET("avx2,fma") void copy_avx2(const float *from, float *to, size_t count) {
  copy_all<Vec8>(from, to, count);
}
LAMINA_TARGET("avx2,fma") void stream_avx2(const float *from, float *to, size_t count) {
  for (size_t i = 0; i + 8 <= count; i += 8)
    _mm256_stream_ps(to + i, _mm256_load_ps(from + i));
  _mm_sfence();
  keep(to);
}

LAMINA_TARGET("avx512f") void fma_avx512(long steps) { fma_chains<Vec16, 16>(steps); }
LAMINA_TARGET("avx512f") void read_avx512(const float *data, size_t count) { read_all<Vec16>(data, count); }
LAMINA_TARGET("avx512f") void copy_avx512(const float *from, float *to, size_t count) {
  copy_all<Vec16>(from, to, count);
}
LAMINA_TARGET("avx512f") void stream_avx512(const float *from, float *to, size_t count) {
  for (size_t i = 0; i + 16 <= count; i += 16)
    _mm512_stream_ps(to + i, _mm512_load_ps(from + i));
  _mm_sfence();
  keep(to);
}
#endif

const Kernels &kernels() {
  static const Kernels chosen = [] {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
      return Kernels{"avx512", 2 * 16 * 16, fma_avx512, read_avx512, copy_avx512, stream_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      return Kernels{"avx2", 2 * 8 * 12, fma_avx2, read_avx2, copy_avx2, stream_avx2};
#endif
    return Kernels{"baseline", 2 * 4 * 8, fma_baseline, read_baseline, copy_baseline, nullptr};
  }();
  return chosen;
}

// Threads that start each sample together.
class Gang {
public:
  explicit Gang(int threads) : threads(threads) {}

  // Runs work(thread, repeats) on every thread at once, sample after sample; returns the seconds of one repeat in the
  // fastest sample. prepare(thread) runs once on each thread before.
  template <class Prepare, class Work> double fastest(Prepare prepare, Work work) {
    double best = std::numeric_limits<double>::infinity();
    long repeats = 1;
    bool measuring = false, done = false;
    std::vector<double> begin(threads), end(threads);
    auto member = [&](int index) {
      prepare(index);
      double deadline = 0;
      for (;;) {
        meet();
        if (done)
          return;
        begin[index] = now();
        work(index, repeats);
        end[index] = now();
        meet();
        if (index != 0)
          continue;
        double seconds = *std::max_element(end.begin(), end.end()) - *std::min_element(begin.begin(), begin.end());
        if (!measuring) {
          if (seconds >= sample_seconds || repeats > (1l << 30)) {
            measuring = true;
            deadline = now() + (threads == 1 ? window_seconds : window_seconds_of_several);
          } else {
            repeats *= 2;
          }
        } else {
          best = std::min(best, seconds / double(repeats));
          done = now() >= deadline;
        }
      }
    };
    std::vector<std::thread> others;
    for (int index = 1; index < threads; ++index)
      others.emplace_back(member, index);
    member(0);
    for (std::thread &other : others)
      other.join();
    return best;
  }

private:
  // Waits until all threads are here; gives the core away after a while, for machines with fewer cores than threads.
  void meet() {
    int turn = generation.load(std::memory_order_acquire);
    if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      arrived.store(0, std::memory_order_relaxed);
      generation.fetch_add(1, std::memory_order_release);
      return;
    }
    for (int spins = 0; generation.load(std::memory_order_acquire) == turn; ++spins)
      if (spins > 10000)
        std::this_thread::yield();
  }

  int threads;
  std::atomic<int> arrived = 0, generation = 0;
};

Memory filled(size_t count) {
  Memory memory = allocate(count * sizeof(float));
  std::fill_n(static_cast<float *>(memory.get()), count, 0.5f);
  return memory;
}

} // namespace

std::string vector_extension() { return kernels().name; }

double fma_peak(int threads) {
  constexpr long steps = 2000;
  const Kernels &k = kernels();
  double seconds = Gang(threads).fastest([](int) {}, [&](int, long repeats) { k.fma(steps * repeats); });
  return 1e-9 * k.flops_a_step * steps * threads / seconds;
}

double bandwidth(Access access, size_t bytes, int threads) {
  const Kernels &k = kernels();
  // Whole steps of the unrolled loops.
  size_t count = std::max<size_t>(bytes / sizeof(float) / threads / (access == Access::copy ? 2 : 1) / 128 * 128, 128);
  std::vector<Memory> from(threads), to(threads);
  auto floats = [](const Memory &memory) { return static_cast<float *>(memory.get()); };
  auto prepare = [&](int index) {
    from[index] = filled(count);
    if (access == Access::copy)
      to[index] = filled(count);
  };
  double touched = 1e-9 * double(count) * sizeof(float) * threads;
  if (access == Access::read)
    return touched / Gang(threads).fastest(prepare, [&](int index, long repeats) {
      for (long r = 0; r < repeats; ++r)
        k.read(floats(from[index]), count);
    });
  auto copying = [&](void (*copy)(const float *, float *, size_t)) {
    return 2 * touched / Gang(threads).fastest(prepare, [&](int index, long repeats) {
      for (long r = 0; r < repeats; ++r)
        copy(floats(from[index]), floats(to[index]), count);
    });
  };
  return k.stream ? std::max(copying(k.copy), copying(k.stream)) : copying(k.copy);
}

std::vector<CacheLevel> cache_levels() {
  auto size = [](int name, size_t otherwise) {
    long bytes = sysconf(name);
    return bytes > 0 ? size_t(bytes) : otherwise;
  };
  size_t l1 = size(_SC_LEVEL1_DCACHE_SIZE, 32 << 10), l2 = size(_SC_LEVEL2_CACHE_SIZE, 512 << 10);
  size_t l3 = size(_SC_LEVEL3_CACHE_SIZE, 0);
  std::vector<CacheLevel> levels{{"L1", l1, l1 / 2}, {"L2", l2, l2 / 2}};
  if (l3 > 2 * l2)
    levels.push_back({"L3", l3, 4 * l2});
  levels.push_back({"memory", 0, 256 << 20});
  return levels;
}

} // namespace lamina::runtime
