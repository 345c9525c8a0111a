#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace lamina::target {

/// Replaces conversions between floats and 16-bit floats by arithmetic on their bits where the machine has no
/// instruction for them, and LLVM would call compiler-rt an element.
void expandHalfConversions(llvm::Module &module, const llvm::TargetMachine &target);

} // namespace lamina::target
