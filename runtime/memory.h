#ifndef LAMINA_RUNTIME_MEMORY_H
#define LAMINA_RUNTIME_MEMORY_H

#include <cstddef>

namespace lamina::runtime {

/// Of cache lines and of the widest vectors.
constexpr std::size_t alignment = 64;

/// Aligned memory of whole cache lines, so that a vector load of the last elements stays inside; large blocks lie in
/// huge pages where the system has them, as streams of 4 KiB pages miss the TLB. Null where there is none.
void *allocate(std::size_t bytes);
void release(void *memory);

} // namespace lamina::runtime

#endif
