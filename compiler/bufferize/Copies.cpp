#include "compiler/bufferize/Copies.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

void expandStridedCopies(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  SmallVector<memref::CopyOp> copies;
  function.walk([&](memref::CopyOp copy) {
    auto hasGaps = [](Value buffer) { return !cast<MemRefType>(buffer.getType()).getLayout().isIdentity(); };
    if (hasGaps(copy.getSource()) || hasGaps(copy.getTarget()))
      copies.push_back(copy);
  });
  for (memref::CopyOp copy : copies) {
    rewriter.setInsertionPoint(copy);
    linalg::GenericOp loop = linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(), copy.getTarget());
    rewriter.setInsertionPoint(loop);
    if (succeeded(linalg::linalgOpToLoops(rewriter, loop)))
      rewriter.eraseOp(copy);
    rewriter.eraseOp(loop);
  }
}

} // namespace mlir::lamina
