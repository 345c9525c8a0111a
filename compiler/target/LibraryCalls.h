#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace lamina::target {

/// Replaces intrinsics that LLVM would turn into calls of libm on this machine by arithmetic: fused products and sums
/// by plain ones where they are not an instruction, rounding where it is not one by conversions.
void avoidLibraryCalls(llvm::Module &module, const llvm::TargetMachine &target);

} // namespace lamina::target
