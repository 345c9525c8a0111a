// The parts of lamina-simplify.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

/// Rewrites that canonicalization leaves out: they change the rounding of a result, or need to know that no derivative
/// will be asked for any more.
void populateAlgebraPatterns(RewritePatternSet &patterns);

/// Moves scales and shifts by weights after a convolution or contraction with a weight into its kernel and one bias.
/// Returns whether anything changed.
bool foldAffineIntoKernels(func::FuncOp function);

} // namespace mlir::lamina
