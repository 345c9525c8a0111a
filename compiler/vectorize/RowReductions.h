#pragma once

namespace mlir {
class RewritePatternSet;
}

namespace mlir::lamina {

/// Reductions of whole rows become a tree of shuffles that the rows share, free in its order, instead of a chain of
/// scalars each; what is repeated along rows is repeated row by row.
void populateRowReductionPatterns(RewritePatternSet &patterns);

} // namespace mlir::lamina
