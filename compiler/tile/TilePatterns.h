#pragma once

namespace mlir {
class RewritePatternSet;
}

namespace mlir::lamina {

/// Panels of packed weights are slices of them.
void populatePanelPatterns(RewritePatternSet &patterns);

/// Operands of tiles are read along plain loops.
void populateOperandPatterns(RewritePatternSet &patterns);

} // namespace mlir::lamina
