#ifndef LAMINA_RUNTIME_MEMORY_H
#define LAMINA_RUNTIME_MEMORY_H

#include <cstddef>
#include <memory>

namespace lamina::runtime {

/// Of cache lines and of the widest vectors.
constexpr std::size_t alignment = 64;

struct Release {
  std::size_t bytes = 0;
  void operator()(void *memory) const;
};
using Memory = std::unique_ptr<void, Release>;

/// Aligned memory of whole cache lines, so that a vector load of the last elements stays inside; large blocks lie in
/// huge pages where the system has them, as streams of 4 KiB pages miss the TLB. Null where there is none.
///
/// A few large blocks that were released, 64 MiB at most, wait for the next of about their size: the system would take
/// longer to clear their pages anew than a model to fill them. Any thread may allocate and release.
Memory allocate(std::size_t bytes);

} // namespace lamina::runtime

#endif
