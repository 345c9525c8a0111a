#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::lamina {

namespace {

// Computes a size that the step's code asks for before the loop.
Value hoistSize(OpBuilder &b, Value size, Region &body, IRMapping &mapping) {
  if (!body.isAncestor(size.getParentRegion()))
    return size;
  if (Value known = mapping.lookupOrNull(size))
    return known;
  Operation *op = size.getDefiningOp();
  if (!op || !isPure(op) || op->getNumRegions() != 0)
    return {};
  for (Value operand : op->getOperands())
    if (Value hoisted = hoistSize(b, operand, body, mapping))
      mapping.map(operand, hoisted);
    else
      return {};
  b.clone(*op, mapping);
  return mapping.lookup(size);
}

class LowerScan : public OpRewritePattern<ScanOp> {
public:
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const final {
    Location loc = op.getLoc();
    Block &step = op.getStep();
    auto yield = cast<YieldOp>(step.getTerminator());
    unsigned states = op.getInits().size();
    OpFoldResult length =
        op.getLength() ? OpFoldResult(op.getLength()) : dimSize(rewriter, loc, op.getSequences()[0], 0);

    SmallVector<Value> carried(op.getInits());
    SmallVector<SmallVector<OpFoldResult>> outputSizes;
    IRMapping mapping;
    for (Value output : yield.getValues().drop_front(states)) {
      SmallVector<OpFoldResult> sizes{length};
      for (int64_t dim = 0; dim < cast<RankedTensorType>(output.getType()).getRank(); ++dim) {
        OpFoldResult size = dimSize(rewriter, loc, output, dim);
        if (auto value = dyn_cast<Value>(size)) {
          Value hoisted = hoistSize(rewriter, value, op.getBody(), mapping);
          if (!hoisted)
            return op.emitOpError("has an output with a size that only the step knows");
          size = hoisted;
        }
        sizes.push_back(size);
      }
      outputSizes.push_back(sizes);
      carried.push_back(emptyTensor(rewriter, loc, sizes, getElementTypeOrSelf(output)));
    }

    Scalar s(rewriter, loc);
    Type index = rewriter.getIndexType();
    auto loop = scf::ForOp::create(rewriter, loc, s.constantInt(index, 0),
                                   getValueOrCreateConstantIndexOp(rewriter, loc, length), s.constantInt(index, 1),
                                   carried);
    Block *body = loop.getBody();
    rewriter.setInsertionPointToStart(body);
    OpFoldResult position = loop.getInductionVar();
    if (op.getReverse())
      position = sizeExpr(rewriter, loc, rewriter.getAffineSymbolExpr(0) - rewriter.getAffineSymbolExpr(1) - 1,
                          {length, position});
    SmallVector<Value> arguments(loop.getRegionIterArgs().take_front(states));
    for (auto [sequence, argument] : llvm::zip_equal(op.getSequences(), op.getSliceArguments()))
      arguments.push_back(sliceAt(rewriter, loc, sequence, position, cast<RankedTensorType>(argument.getType())));
    rewriter.mergeBlocks(&step, body, arguments);

    rewriter.setInsertionPoint(yield);
    SmallVector<Value> next;
    for (auto [i, value] : llvm::enumerate(yield.getValues())) {
      if (i < states) {
        next.push_back(castTo(rewriter, loc, value, carried[i].getType()));
        continue;
      }
      SmallVector<OpFoldResult> sizes = outputSizes[i - states], offsets(sizes.size(), rewriter.getIndexAttr(0));
      SmallVector<OpFoldResult> strides(sizes.size(), rewriter.getIndexAttr(1));
      sizes[0] = rewriter.getIndexAttr(1);
      offsets[0] = position;
      auto slice = RankedTensorType::get(llvm::map_to_vector(ArrayRef(sizes).drop_front(), staticSize),
                                         getElementTypeOrSelf(value));
      next.push_back(tensor::InsertSliceOp::create(rewriter, loc, castTo(rewriter, loc, value, slice),
                                                   loop.getRegionIterArgs()[i], offsets, sizes, strides));
    }
    scf::YieldOp::create(rewriter, loc, next);
    rewriter.eraseOp(yield);
    rewriter.setInsertionPointAfter(loop);
    replaceWith(rewriter, op, loop.getResults());
    return success();
  }

private:
  static Value sliceAt(OpBuilder &b, Location loc, Value sequence, OpFoldResult position, RankedTensorType type) {
    SmallVector<OpFoldResult> sizes = dimSizes(b, loc, sequence), offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    sizes[0] = b.getIndexAttr(1);
    offsets[0] = position;
    auto slice =
        RankedTensorType::get(llvm::map_to_vector(ArrayRef(sizes).drop_front(), staticSize), type.getElementType());
    return castTo(b, loc, tensor::ExtractSliceOp::create(b, loc, slice, sequence, offsets, sizes, strides), type);
  }
};

} // namespace

void populateRecurrentPatterns(RewritePatternSet &patterns) { patterns.add<LowerScan>(patterns.getContext()); }

} // namespace mlir::lamina
