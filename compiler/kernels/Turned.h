#pragma once

#include "mlir/IR/Builders.h"

namespace mlir::lamina {

/// All axes in order but one, which comes last.
SmallVector<int64_t> withLast(int64_t rank, int64_t last);

/// A copy whose axis i is axis order[i] of a tensor.
Value turned(OpBuilder &builder, Value tensor, ArrayRef<int64_t> order);

} // namespace mlir::lamina
