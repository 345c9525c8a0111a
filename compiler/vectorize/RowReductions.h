#pragma once

namespace mlir {
class RewritePatternSet;
}

namespace mlir::lamina {

/// Reductions of whole rows become one vector.reduction a row, free in its order: a tree of shuffles instead of a chain
/// of scalars.
void populateRowReductionPatterns(RewritePatternSet &patterns);

} // namespace mlir::lamina
