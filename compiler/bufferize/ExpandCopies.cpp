// Turns copies between buffers of which one has gaps into loops. Guarantees that compiled code calls nothing that
// copies for it.

#include "compiler/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_EXPANDCOPIESPASS
#include "compiler/Passes.h.inc"

namespace {

bool hasGaps(Value buffer) { return !cast<MemRefType>(buffer.getType()).getLayout().isIdentity(); }

struct ExpandCopiesPass : impl::ExpandCopiesPassBase<ExpandCopiesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) {
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
};

} // namespace
} // namespace mlir::lamina
