#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::lamina {

/// Whether an operation adds up terms from a known start.
bool isSum(linalg::GenericOp op);

/// Which of the two loops that one is cut into stays an axis of the partial sums: the outer one as their first, the
/// inner one as their last.
enum class PartialAxis { Outer, Inner };

/// Cuts a loop that a sum runs over in two, of which the inner has so many turns, and adds up along one of them at
/// last.
void splitSum(linalg::GenericOp sum, unsigned loop, int64_t inner, PartialAxis axis);

} // namespace mlir::lamina
