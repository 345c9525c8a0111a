#pragma once

#include "mlir/IR/OpDefinition.h"

namespace mlir::lamina {

/// Folds an elementwise op whose operands are splats, and identities such as x + 0. `operands` are constants where
/// known.
OpFoldResult foldElementwise(Operation *op, ArrayRef<Attribute> operands);

} // namespace mlir::lamina
