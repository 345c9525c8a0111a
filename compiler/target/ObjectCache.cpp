#include "compiler/target/ObjectCache.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <mutex>

namespace lamina::target {

namespace {

struct Memory {
  std::mutex mutex;
  llvm::StringMap<std::string> entries;
};

Memory &memory() {
  static Memory instance;
  return instance;
}

// A file ends with the hash of its content: half-written or damaged files are found out.
constexpr size_t digestSize = 64;

std::string digest(llvm::StringRef bytes) {
  return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes)), /*LowerCase=*/true);
}

} // namespace

ObjectCache::ObjectCache(llvm::StringRef requested, llvm::StringRef build) : build(hash(build).substr(0, 8)) {
  if (requested == "none")
    return;
  llvm::SmallString<256> path(requested);
  if (path.empty()) {
    if (const char *set = std::getenv("LAMINA_CACHE"))
      path = set;
    else if (llvm::sys::path::cache_directory(path))
      llvm::sys::path::append(path, "lamina");
  }
  if (path != "none")
    folder = path.str().str();
}

std::string ObjectCache::hash(llvm::StringRef text) { return digest(text).substr(0, 32); }

std::optional<std::string> ObjectCache::find(llvm::StringRef key) const {
  {
    std::lock_guard lock(memory().mutex);
    auto it = memory().entries.find(key);
    if (it != memory().entries.end())
      return it->second;
  }
  if (folder.empty())
    return std::nullopt;
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, build + "-" + key);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  llvm::StringRef content = (*file)->getBuffer();
  if (content.size() < digestSize || digest(content.drop_back(digestSize)) != content.take_back(digestSize))
    return std::nullopt;
  std::string bytes = content.drop_back(digestSize).str();
  std::lock_guard lock(memory().mutex);
  memory().entries.try_emplace(key, bytes);
  return bytes;
}

void ObjectCache::insert(llvm::StringRef key, llvm::StringRef bytes) const {
  {
    std::lock_guard lock(memory().mutex);
    memory().entries.insert_or_assign(key, bytes.str());
  }
  if (folder.empty() || llvm::sys::fs::create_directories(folder))
    return;
  llvm::SmallString<256> path(folder), model(folder), temporary;
  llvm::sys::path::append(path, build + "-" + key);
  llvm::sys::path::append(model, build + "-" + key + "-%%%%%%%%");
  int descriptor = 0;
  if (llvm::sys::fs::createUniqueFile(model, descriptor, temporary))
    return;
  {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << bytes << digest(bytes);
    stream.close();
    if (stream.has_error()) {
      stream.clear_error();
      llvm::sys::fs::remove(temporary);
      return;
    }
  }
  if (llvm::sys::fs::rename(temporary, path))
    llvm::sys::fs::remove(temporary);
}

} // namespace lamina::target
