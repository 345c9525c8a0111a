#pragma once

#include "llvm/IR/Module.h"

namespace lamina::target {

/// Makes each loop's body that holds hundreds of vector operations, and carries none, a function by itself. LLVM takes
/// constants out of loops into registers, trusting its allocator to put them back where those are short; in bodies this
/// large it copies and stores registers instead.
void outlineLargeBlocks(llvm::Module &module);

} // namespace lamina::target
