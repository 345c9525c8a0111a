#include "runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include <lamina/error.h>

namespace lamina::runtime {

namespace {

/// The file that a symbolic link leads to, so that a rename does not replace the link.
std::string resolved(const std::string &path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) ? buffer : path;
}

std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  if (byte(0) < 0x80)
    return 1;
  if (byte(0) >= 0xC2 && byte(0) < 0xE0 && continues(1))
    return 2;
  if ((byte(0) & 0xF0) == 0xE0 && continues(1) && continues(2))
    return 3;
  if (byte(0) >= 0xF0 && byte(0) < 0xF5 && continues(1) && continues(2) && continues(3))
    return 4;
  return 0;
}

} // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string out = "'";
  while (!text.empty() && out.size() < longest) {
    std::size_t length = utf8_length(text);
    auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || first < 0x20 || first == 0x7f)
      out += '?';
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + (text.empty() ? "'" : "...'");
}

OutputFile::OutputFile(const std::string &path) : path_(path) {
  if (path == "-") {
    file_ = stdout;
    return;
  }
  target_ = resolved(path);
  struct stat info;
  bool exists = stat(target_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    fail("it is a folder");
  if (exists && !S_ISREG(info.st_mode)) {
    file_ = std::fopen(target_.c_str(), "wb");
    if (!file_)
      fail(std::strerror(errno));
    return;
  }
  if (exists && access(target_.c_str(), W_OK) != 0)
    fail(std::strerror(errno));
  temporary_ = target_ + ".part-XXXXXX";
  int descriptor = mkstemp(temporary_.data());
  if (descriptor < 0) {
    temporary_.clear();
    fail(std::strerror(errno));
  }
  mode_t mask = umask(0);
  umask(mask);
  (void)fchmod(descriptor, exists ? info.st_mode & 0777 : 0666 & ~mask);
  file_ = fdopen(descriptor, "wb");
}

OutputFile::~OutputFile() {
  if (file_ && file_ != stdout)
    std::fclose(file_);
  if (!temporary_.empty())
    unlink(temporary_.c_str());
}

void OutputFile::fail(const std::string &reason) const {
  throw Error("cannot write " + in_quotes(path_) + ": " + reason);
}

void OutputFile::write(const void *data, std::size_t bytes) {
  if (bytes && std::fwrite(data, 1, bytes, file_) != bytes)
    fail(std::strerror(errno));
  written_ += bytes;
}

void OutputFile::commit() {
  std::FILE *file = file_;
  file_ = nullptr;
  if ((file == stdout ? std::fflush(file) : std::fclose(file)) != 0)
    fail(std::strerror(errno));
  if (!temporary_.empty() && std::rename(temporary_.c_str(), target_.c_str()) != 0)
    fail(std::strerror(errno));
  temporary_.clear();
}

void write_file(const std::string &path, std::string_view text) {
  OutputFile file(path);
  file.write(text);
  file.commit();
}

void check_writable_file(const std::string &path) {
  struct stat info;
  if (path == "-" || (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
    return;
  OutputFile file(path);
}

std::size_t check_readable_file(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || access(path.c_str(), R_OK) != 0)
    throw Error("cannot read " + in_quotes(path) + ": " + std::strerror(errno));
  if (S_ISDIR(info.st_mode))
    throw Error("cannot read " + in_quotes(path) + ": it is a folder");
  if (!S_ISREG(info.st_mode))
    throw Error("cannot read " + in_quotes(path) + ": it is no regular file");
  return static_cast<std::size_t>(info.st_size);
}

std::string read_file(const std::string &path, std::size_t limit) {
  std::size_t size = check_readable_file(path);
  if (size > limit)
    throw Error("cannot read " + in_quotes(path) + ": " + std::to_string(size) + " bytes are more than the " +
                std::to_string(limit) + " that such a file may have");
  std::FILE *file = std::fopen(path.c_str(), "rb");
  if (!file)
    throw Error("cannot read " + in_quotes(path) + ": " + std::strerror(errno));
  std::string text(size, '\0');
  text.resize(std::fread(text.data(), 1, size, file));
  std::fclose(file);
  return text;
}

} // namespace lamina::runtime
