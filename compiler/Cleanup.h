#pragma once

#include "mlir/IR/Dialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

/// The canonicalization patterns of all dialects that a kernel passes through, to be run together with a pass's own. Those of
/// linalg.generic stay out: they would take a copy for superfluous.
inline void populateCleanupPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() != "llvm" && name.getDialectNamespace() != "lamina" &&
        name.getStringRef() != "linalg.generic")
      name.getCanonicalizationPatterns(patterns, context);
}

} // namespace mlir::lamina
