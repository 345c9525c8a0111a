#pragma once

namespace mlir {
class RewritePatternSet;
}

namespace mlir::lamina {

/// Removes loops of extent one from vector.contract, but for one sum.
void populateContractionUnitPatterns(RewritePatternSet &patterns);

} // namespace mlir::lamina
