// Turns reshapes of contiguous buffers into plain reinterpretations. Guarantees that no reshape with several open dimensions is
// left for the expansion of strided metadata, which takes one.

#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_CASTRESHAPESPASS
#include "compiler/Passes.h.inc"

namespace {

OpFoldResult multiply(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return builder.getIndexAttr(*x * *y);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return arith::MulIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                               getValueOrCreateConstantIndexOp(builder, loc, b))
      .getResult();
}

/// `buffer` seen with other sizes, row by row.
void replaceByCast(IRRewriter &rewriter, Operation *op, Value buffer, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<MemRefType>(op->getResult(0).getType());
  Location loc = op->getLoc();
  SmallVector<OpFoldResult> strides(sizes.size());
  OpFoldResult stride = rewriter.getIndexAttr(1);
  for (int64_t axis = sizes.size() - 1; axis >= 0; --axis) {
    // The type fixes which strides are static.
    strides[axis] = stride;
    stride = multiply(rewriter, loc, stride, sizes[axis]);
  }
  rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(op, type, buffer, rewriter.getIndexAttr(0), sizes, strides);
}

struct CastReshapesPass : impl::CastReshapesPassBase<CastReshapesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> reshapes;
    getOperation().walk([&](Operation *op) {
      if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(op) &&
          cast<MemRefType>(op->getOperand(0).getType()).getLayout().isIdentity() &&
          cast<MemRefType>(op->getResult(0).getType()).getLayout().isIdentity())
        reshapes.push_back(op);
    });
    for (Operation *op : reshapes) {
      rewriter.setInsertionPoint(op);
      Value buffer = op->getOperand(0);
      SmallVector<OpFoldResult> sizes;
      if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
        sizes = expand.getMixedOutputShape();
      } else {
        auto collapse = cast<memref::CollapseShapeOp>(op);
        auto type = cast<MemRefType>(buffer.getType());
        for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
          OpFoldResult size = rewriter.getIndexAttr(1);
          for (int64_t axis : group) {
            OpFoldResult extent = type.isDynamicDim(axis)
                                      ? OpFoldResult(memref::DimOp::create(rewriter, op->getLoc(), buffer, axis).getResult())
                                      : rewriter.getIndexAttr(type.getDimSize(axis));
            size = multiply(rewriter, op->getLoc(), size, extent);
          }
          sizes.push_back(size);
        }
      }
      replaceByCast(rewriter, op, buffer, sizes);
    }
  }
};

} // namespace
} // namespace mlir::lamina
