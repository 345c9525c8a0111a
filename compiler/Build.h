#pragma once

#include "compiler/target/Library.h"
#include "compiler/target/Machine.h"
#include "compiler/target/ObjectCache.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lamina::runtime {
class Executable;
struct Signature;
} // namespace lamina::runtime

namespace lamina::compiler {

/// What a profile counts as one: calls of a kernel for the same layers.
struct Site {
  std::string kernel;
  std::vector<std::string> layers;
  bool gradient = false;
};

/// Machine code of one traced function.
struct Program {
  std::vector<std::string> objects;
  std::vector<uint64_t> preparedBytes;
  std::vector<std::string> messages;
  /// Of code that is compiled for profiles.
  std::vector<Site> sites;
  bool hasWorkspace = false;
  bool hasShapes = false;
  bool hasChecks = false;

  std::string str() const;
  static bool parse(llvm::StringRef bytes, Program &program);
};

/// Links a program into this process. Throws lamina::Error, as nothing else here does.
std::unique_ptr<runtime::Executable> load(const Program &program, runtime::Signature signature);

struct BuildReport {
  /// Empty, or one line for the user.
  std::string error;
  /// Kernels compiled, not found in the cache.
  int64_t kernels = 0;
  /// For each argument, whether @main still reads it once @prepare has run.
  std::vector<bool> isRead = {};
};

/// One object file with C functions, and the text of the stages that `emit` names.
struct Library {
  std::string object, text;
};

/// Compiles a module with @main ahead of time. What @prepare would have written is among the interface's weights.
Library buildLibrary(llvm::StringRef module, const target::Machine &machine, const target::LibraryInterface &interface,
                     llvm::ArrayRef<std::string> emit, BuildReport &report);

/// Compiles a module with @main, for profiles or not. Kernels that the cache knows are taken from it.
Program build(llvm::StringRef module, const target::Machine &machine, const target::ObjectCache &cache,
              BuildReport &report, bool profile = false);

} // namespace lamina::compiler
