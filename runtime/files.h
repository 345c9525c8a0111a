#ifndef LAMINA_RUNTIME_FILES_H
#define LAMINA_RUNTIME_FILES_H

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace lamina::runtime {

/// A file that appears under its name only when complete: written beside it, then renamed. "-" is standard output; what
/// is no regular file (a pipe, a device) is written into directly. Errors name the path and the system's reason.
class OutputFile {
public:
  explicit OutputFile(const std::string &path);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  void write(const void *data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  std::size_t written() const { return written_; }

  /// Makes the file appear. Without it nothing does.
  void commit();

private:
  [[noreturn]] void fail(const std::string &reason) const;

  std::string path_, target_, temporary_;
  std::FILE *file_ = nullptr;
  std::size_t written_ = 0;
};

void write_file(const std::string &path, std::string_view text);

/// Errors: no such file, a folder, not readable; more than `limit` bytes.
std::string read_file(const std::string &path, std::size_t limit);

/// Errors unless the path is that of a regular file. Returns its size.
std::size_t check_readable_file(const std::string &path);

/// Errors unless a file of that path can be written: for saying so before a long computation. Leaves no trace.
void check_writable_file(const std::string &path);

/// Text from a file, fit for a one-line message: shortened, control characters and broken UTF-8 replaced.
std::string in_quotes(std::string_view text);

} // namespace lamina::runtime

#endif
