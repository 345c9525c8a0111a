#pragma once

#include "compiler/target/Machine.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"

namespace lamina::target {

/// Values one after the other in one piece of memory, each aligned to 64 bytes.
class Sections {
public:
  static constexpr uint64_t alignment = 64;

  /// Appends a value. Returns where it begins.
  uint64_t add(llvm::StringRef value) {
    uint64_t offset = memory.size();
    memory += value;
    memory.resize(llvm::alignTo(memory.size(), alignment), '\0');
    return offset;
  }
  const std::string &bytes() const { return memory; }

private:
  std::string memory;
};

/// Where an argument of an ahead-of-time compiled function comes from.
struct LibraryArgument {
  enum class Source { Input, Seed, Weights, State, Unread };
  Source source = Source::Input;
  /// Weights and states: the place in their memory.
  uint64_t offset = 0;
  /// For each open dimension in order, the number of the caller's dimension.
  llvm::SmallVector<unsigned> dims;
};

/// The C functions around compiled code: <name>_run, <name>_workspace_size and <name>_error; <name>_state_size and
/// <name>_reset of a model with states; <name>_weights_size where weights are external.
struct LibraryInterface {
  std::string name;
  llvm::SmallVector<LibraryArgument> arguments;
  unsigned dims = 0;                    ///< dimensions that the caller gives
  unsigned results = 0;                 ///< pointers that the caller gives after the inputs
  Sections weights;                     ///< what the code reads of weights, and what @prepare would have written
  bool externalWeights = false;         ///< the caller gives the weights' memory
  Sections state;                       ///< initial values
  llvm::SmallVector<uint64_t> prepared; ///< the places, among the weights, of what @prepare would have written
  llvm::SmallVector<std::string> messages;
  bool threads = false; ///< call lamina_default_context

  bool hasSource(LibraryArgument::Source source) const {
    return llvm::any_of(arguments, [=](const LibraryArgument &argument) { return argument.source == source; });
  }
};

/// Adds the C functions to a module with @main, and hides everything else.
void addLibraryInterface(llvm::Module &module, const LibraryInterface &interface);

} // namespace lamina::target
