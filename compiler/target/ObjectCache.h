#pragma once

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace lamina::target {

/// Compiled code by the hash of what it was compiled from, in memory and on disk. Safe to use from several threads and
/// processes.
class ObjectCache {
public:
  /// `folder`: where files are kept; empty for the user's cache folder, "none" for memory alone. Entries of another
  /// `build` of the compiler are not found.
  explicit ObjectCache(llvm::StringRef folder, llvm::StringRef build = "");

  std::optional<std::string> find(llvm::StringRef key) const;
  /// Failures to write are not reported: a cache may be read-only or full.
  void insert(llvm::StringRef key, llvm::StringRef bytes) const;

  /// A key for any text, of 32 hexadecimal digits.
  static std::string hash(llvm::StringRef text);

private:
  std::string folder, build;
};

} // namespace lamina::target
