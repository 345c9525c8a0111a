#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::lamina {

/// Turns copies between buffers of which one has gaps into loops: compiled code calls nothing that copies for it.
void expandStridedCopies(func::FuncOp function);

} // namespace mlir::lamina
