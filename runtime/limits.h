#ifndef LAMINA_RUNTIME_LIMITS_H
#define LAMINA_RUNTIME_LIMITS_H

#include <cstddef>
#include <string>
#include <vector>

namespace lamina::runtime {

// What this machine can do at most, measured. All figures are the fastest of many short samples, so that work of other
// processes beside them counts little.

// The rate of float32 fused multiply-adds that never leave registers, in GFLOP/s.
double fma_peak(int threads);

enum class Access {
  read, // sums an array
  copy, // reads one half of the bytes and writes the other, with plain or streaming stores, whichever is faster
};

// The rate of touching `bytes` in all, split over the threads, again and again, in GB/s. The size decides which cache
// answers.
double bandwidth(Access access, size_t bytes, int threads);

struct CacheLevel {
  std::string name;   // "L1", "L2", "L3", "memory"
  size_t size;        // bytes of one instance, 0 for memory
  size_t working_set; // bytes a thread that sit well inside
};

// The levels that this machine has, fastest first.
std::vector<CacheLevel> cache_levels();

// The widest vectors that fma_peak uses here: "avx512", "avx2" or "baseline".
std::string vector_extension();

} // namespace lamina::runtime

#endif
