// Turns reshapes of contiguous buffers into plain reinterpretations, and copies of others into loops. Guarantees that
// no reshape with several open dimensions is left for the expansion of strided metadata, which takes one, and that no
// dimension is asked of such a buffer.

#include "compiler/Passes.h"
#include "compiler/bufferize/CallerMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_CASTRESHAPESPASS
#include "compiler/Passes.h.inc"

namespace {

bool isContiguous(Value buffer) { return cast<MemRefType>(buffer.getType()).getLayout().isIdentity(); }

struct CastReshapesPass : impl::CastReshapesPassBase<CastReshapesPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    CastReshapesPassBase::getDependentDialects(registry);
    registry.insert<linalg::LinalgDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> reshapes;
    getOperation().walk([&](Operation *op) {
      if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(op) && isContiguous(op->getOperand(0)) &&
          isContiguous(op->getResult(0)))
        reshapes.push_back(op);
    });
    for (Operation *op : reshapes) {
      rewriter.setInsertionPoint(op);
      Value buffer = op->getOperand(0);
      auto expand = dyn_cast<memref::ExpandShapeOp>(op);
      SmallVector<OpFoldResult> sizes =
          expand ? expand.getMixedOutputShape()
                 : collapsedSizes(rewriter, op->getLoc(), buffer,
                                  cast<memref::CollapseShapeOp>(op).getReassociationIndices());
      auto type = cast<MemRefType>(op->getResult(0).getType());
      rewriter.replaceOp(op, castContiguous(rewriter, op->getLoc(), buffer, type, sizes));
    }
    // Dimensions of such buffers are known where the cast is, which need not be where a loop asks for them.
    getOperation().walk([&](memref::DimOp dim) {
      auto cast = dim.getSource().getDefiningOp<memref::ReinterpretCastOp>();
      std::optional<int64_t> axis = dim.getConstantIndex();
      if (!cast || !axis)
        return;
      rewriter.setInsertionPoint(dim);
      rewriter.replaceOp(dim, getValueOrCreateConstantIndexOp(rewriter, dim.getLoc(), cast.getMixedSizes()[*axis]));
    });
  }
};

} // namespace
} // namespace mlir::lamina
