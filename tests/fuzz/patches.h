#ifndef LAMINA_TESTS_FUZZ_PATCHES_H
#define LAMINA_TESTS_FUZZ_PATCHES_H

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <lamina/error.h>

#include "runtime/files.h"

namespace lamina::fuzz {

/// A valid file with changes: the fuzzer's bytes are read as (offset, new byte) triples, and a last odd byte or two cut
/// the end off. So every input starts deep inside the parser.
inline std::string patched(std::string file, std::string_view data) {
  for (; data.size() >= 3 && !file.empty(); data.remove_prefix(3)) {
    std::size_t at = static_cast<unsigned char>(data[0]) | static_cast<std::size_t>(static_cast<unsigned char>(data[1]))
                                                               << 8;
    file[at % file.size()] = data[2];
  }
  std::size_t cut = data.size() == 2 ? static_cast<unsigned char>(data[0]) * 64u : data.size();
  file.resize(file.size() - std::min(cut, file.size()));
  return file;
}

/// A file in memory, under a path.
class MemoryFile {
public:
  explicit MemoryFile(std::string_view data) : descriptor_(memfd_create("fuzz", 0)) {
    (void)!::write(descriptor_, data.data(), data.size());
  }
  ~MemoryFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
  int descriptor_;
};

/// What write(path) puts into a file.
template <typename F> std::string written_by(F &&write) {
  char path[] = "/tmp/lamina-fuzz-XXXXXX";
  close(mkstemp(path));
  write(std::string(path));
  std::string data = runtime::read_file(path, 1 << 20);
  unlink(path);
  return data;
}

/// Only an Error may come of a file.
template <typename F> void attempt(F &&action) {
  try {
    action();
  } catch (const Error &) {
  }
}

} // namespace lamina::fuzz

#endif
