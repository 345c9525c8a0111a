#include "runtime/memory.h"

#include <cstdlib>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace lamina::runtime {
namespace {

constexpr std::size_t huge_page = std::size_t(1) << 21;
constexpr std::size_t address_space = std::size_t(1) << 47;

} // namespace

void *allocate(std::size_t bytes) {
  if (bytes > address_space)
    return nullptr;
  std::size_t lines = bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
  void *memory = nullptr;
  if (posix_memalign(&memory, lines >= huge_page ? huge_page : alignment, lines) != 0)
    return nullptr;
#ifdef __linux__
  if (lines >= huge_page)
    madvise(memory, lines / huge_page * huge_page, MADV_HUGEPAGE); // a wish: refusal changes nothing
#endif
  return memory;
}

void release(void *memory) { std::free(memory); }

} // namespace lamina::runtime
