#ifndef LAMINA_RUNTIME_ZIP_H
#define LAMINA_RUNTIME_ZIP_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <lamina/tensor.h>

#include "runtime/files.h"

struct zip;

namespace lamina::runtime {

/// A zip file, entries stored or deflated. Sizes are believed only as far as the file's bytes can hold them. Errors
/// name the file, and the entry.
class ZipReader {
public:
  explicit ZipReader(const std::string &path);
  ~ZipReader();
  ZipReader(const ZipReader &) = delete;
  ZipReader &operator=(const ZipReader &) = delete;

  const std::string &path() const { return path_; }
  /// Bytes of the whole file.
  std::uint64_t file_size() const { return file_size_; }
  const std::vector<std::string> &names() const { return names_; }
  bool contains(std::string_view name) const;

  /// The entry's bytes (uint8), its checksum verified. Errors: no such entry, two of that name, more than `limit`
  /// bytes.
  Tensor read(std::string_view name, std::uint64_t limit) const;

private:
  [[noreturn]] void fail(const std::string &reason) const;

  std::string path_;
  std::uint64_t file_size_ = 0;
  zip *archive_ = nullptr;
  std::vector<std::string> names_;
};

/// Writes a zip file of stored entries; the data of each begins at a multiple of 64 bytes, so that it can be mapped.
class ZipWriter {
public:
  explicit ZipWriter(const std::string &path) : file_(path) {}

  /// An entry of the parts one after the other.
  void add(std::string_view name, std::initializer_list<std::string_view> parts);
  void add(std::string_view name, std::string_view data) { add(name, {data}); }
  /// Writes the directory and makes the file appear.
  void commit();

private:
  struct Entry {
    std::string name;
    std::uint64_t size, offset;
    std::uint32_t checksum;
  };

  OutputFile file_;
  std::vector<Entry> entries_;
};

} // namespace lamina::runtime

#endif
