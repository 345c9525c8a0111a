#pragma once

#include "compiler/target/Machine.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"

namespace lamina::target {

/// Where an argument of an ahead-of-time compiled function comes from.
struct LibraryArgument {
  /// The caller's pointer if `constant` is empty.
  llvm::StringRef constant;
  /// For each open dimension in order, the number of the caller's dimension.
  llvm::SmallVector<unsigned> dims;
};

/// The C functions around compiled code: <name>_run, <name>_workspace_size and <name>_error.
struct LibraryInterface {
  std::string name;
  llvm::SmallVector<LibraryArgument> arguments;
  unsigned dims = 0;                           ///< dimensions that the caller gives
  unsigned results = 0;                        ///< pointers that the caller gives after the inputs
  llvm::SmallVector<llvm::StringRef> prepared; ///< bytes of what @prepare would have written
  llvm::SmallVector<std::string> messages;
  bool threads = false; ///< call lamina_default_context
};

/// Adds the C functions to a module with @main, and hides everything else.
void addLibraryInterface(llvm::Module &module, const LibraryInterface &interface);

} // namespace lamina::target
