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

} // namespace

std::string Program::str() const {
  std::string out;
  put(out, hasWorkspace + 2 * hasShapes + 4 * hasChecks);
  put(out, preparedBytes.size());
  for (int64_t bytes : preparedBytes)
    put(out, bytes);
  for (const std::vector<std::string> *list : {&messages, &objects}) {
    put(out, list->size());
    for (const std::string &entry : *list) {
      put(out, entry.size());
      out += entry;
    }
  }
  return out;
}

bool Program::parse(llvm::StringRef in, Program &program) {
  uint64_t flags = 0, count = 0;
  if (!take(in, flags) || !take(in, count))
    return false;
  program = Program();
  program.hasWorkspace = flags & 1;
  program.hasShapes = flags & 2;
  program.hasChecks = flags & 4;
  for (uint64_t i = 0, bytes = 0; i < count; ++i) {
    if (!take(in, bytes))
      return false;
    program.preparedBytes.push_back(bytes);
  }
  for (std::vector<std::string> *list : {&program.messages, &program.objects}) {
    if (!take(in, count))
      return false;
    for (uint64_t i = 0; i < count; ++i) {
      std::string entry;
      if (!take(in, entry))
        return false;
      list->push_back(std::move(entry));
    }
  }
  return in.empty();
}

} // namespace lamina::compiler
