// A program as bytes, for the object cache.

#include "compiler/Build.h"

#include "llvm/Support/BinaryStreamReader.h"
#include "llvm/Support/Endian.h"

namespace lamina::compiler {

namespace {

void put(std::string &out, uint64_t value) {
  char bytes[8];
  llvm::support::endian::write64le(bytes, value);
  out.append(bytes, 8);
}

void put(std::string &out, const std::string &value) {
  put(out, static_cast<uint64_t>(value.size()));
  out += value;
}

template <typename T> void put(std::string &out, const std::vector<T> &list) {
  put(out, static_cast<uint64_t>(list.size()));
  for (const T &entry : list)
    put(out, entry);
}

bool take(llvm::StringRef &in, uint64_t &value) {
  if (in.size() < 8)
    return false;
  value = llvm::support::endian::read64le(in.data());
  in = in.drop_front(8);
  return true;
}

bool take(llvm::StringRef &in, std::string &value) {
  uint64_t size = 0;
  if (!take(in, size) || in.size() < size)
    return false;
  value = in.take_front(size).str();
  in = in.drop_front(size);
  return true;
}

template <typename T> bool take(llvm::StringRef &in, std::vector<T> &list) {
  uint64_t count = 0;
  if (!take(in, count))
    return false;
  for (uint64_t i = 0; i < count; ++i) {
    T entry{};
    if (!take(in, entry))
      return false;
    list.push_back(std::move(entry));
  }
  return true;
}

} // namespace

std::string Program::str() const {
  std::string out;
  put(out, hasWorkspace + 2 * hasShapes + 4 * hasChecks);
  put(out, preparedBytes);
  put(out, messages);
  put(out, objects);
  put(out, static_cast<uint64_t>(sites.size()));
  for (const Site &site : sites) {
    put(out, site.kernel);
    put(out, site.layers);
    put(out, static_cast<uint64_t>(site.gradient));
  }
  return out;
}

bool Program::parse(llvm::StringRef in, Program &program) {
  uint64_t flags = 0, sites = 0;
  program = Program();
  if (!take(in, flags) || !take(in, program.preparedBytes) || !take(in, program.messages) ||
      !take(in, program.objects) || !take(in, sites))
    return false;
  program.hasWorkspace = flags & 1;
  program.hasShapes = flags & 2;
  program.hasChecks = flags & 4;
  for (uint64_t i = 0; i < sites; ++i) {
    Site site;
    uint64_t gradient = 0;
    if (!take(in, site.kernel) || !take(in, site.layers) || !take(in, gradient))
      return false;
    site.gradient = gradient;
    program.sites.push_back(std::move(site));
  }
  return in.empty();
}

} // namespace lamina::compiler
