#include "runtime/memory.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace lamina::runtime {
namespace {

constexpr std::size_t huge_page = std::size_t(1) << 21;
constexpr std::size_t address_space = std::size_t(1) << 47;

/// Released blocks, the oldest first.
class Spares {
public:
  void *take(std::size_t bytes, std::size_t &found) {
    std::lock_guard lock(mutex);
    auto fits = [&](const Block &block) { return block.bytes >= bytes && block.bytes - bytes <= bytes / 4; };
    auto block = std::find_if(blocks.begin(), blocks.end(), fits);
    if (block == blocks.end())
      return nullptr;
    void *memory = block->memory;
    found = block->bytes;
    held -= found;
    blocks.erase(block);
    return memory;
  }

  void put(void *memory, std::size_t bytes) {
    std::lock_guard lock(mutex);
    blocks.push_back({memory, bytes});
    held += bytes;
    while (held > most_bytes || blocks.size() > most_blocks) {
      std::free(blocks.front().memory);
      held -= blocks.front().bytes;
      blocks.erase(blocks.begin());
    }
  }

  static bool keeps(std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    return false; // which would not see what is used after its release
#else
    return bytes >= least_bytes && bytes <= most_bytes;
#endif
  }

private:
  /// The system gives smaller ones without clearing pages.
  static constexpr std::size_t least_bytes = std::size_t(1) << 17;
  static constexpr std::size_t most_bytes = std::size_t(1) << 26;
  static constexpr std::size_t most_blocks = 8;

  struct Block {
    void *memory;
    std::size_t bytes;
  };
  std::mutex mutex;
  std::vector<Block> blocks;
  std::size_t held = 0;
};

/// Never destroyed: static tensors may be released after everything else.
Spares &spares() {
  static auto *instance = new Spares;
  return *instance;
}

} // namespace

Memory allocate(std::size_t bytes) {
  if (bytes > address_space)
    return nullptr;
  std::size_t lines = bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
  if (Spares::keeps(lines)) {
    std::size_t found = 0;
    if (void *memory = spares().take(lines, found))
      return Memory(memory, Release{found});
  }
  void *memory = nullptr;
  if (posix_memalign(&memory, lines >= huge_page ? huge_page : alignment, lines) != 0)
    return nullptr;
#ifdef __linux__
  if (lines >= huge_page)
    madvise(memory, lines / huge_page * huge_page, MADV_HUGEPAGE); // a wish: refusal changes nothing
#endif
  return Memory(memory, Release{lines});
}

void Release::operator()(void *memory) const {
  if (Spares::keeps(bytes))
    spares().put(memory, bytes);
  else
    std::free(memory);
}

} // namespace lamina::runtime
