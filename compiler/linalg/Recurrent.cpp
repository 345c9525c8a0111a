#include "Lowering.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallBitVector.h"

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

// The loop carries states without their unit dimensions, as everything else is computed.
llvm::SmallBitVector unitDims(Value tensor) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensor.getType()).getShape();
  llvm::SmallBitVector units(shape.size());
  for (auto [dim, size] : llvm::enumerate(shape))
    units[dim] = size == 1;
  return units;
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

    SmallVector<Value> carried;
    for (Value init : op.getInits())
      carried.push_back(dropDims(rewriter, loc, init, unitDims(init)));
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
    auto loop =
        scf::ForOp::create(rewriter, loc, s.constantInt(index, 0),
                           getValueOrCreateConstantIndexOp(rewriter, loc, length), s.constantInt(index, 1), carried);
    Block *body = loop.getBody();
    rewriter.setInsertionPointToStart(body);
    OpFoldResult position = loop.getInductionVar();
    if (op.getReverse())
      position = sizeExpr(rewriter, loc, rewriter.getAffineSymbolExpr(0) - rewriter.getAffineSymbolExpr(1) - 1,
                          {length, position});
    SmallVector<Value> arguments;
    for (auto [state, argument, init] : llvm::zip(loop.getRegionIterArgs(), op.getStateArguments(), op.getInits()))
      arguments.push_back(castTo(rewriter, loc,
                                 expandTo(rewriter, loc, state, dimSizes(rewriter, loc, init), unitDims(init)),
                                 argument.getType()));
    for (auto [sequence, argument] : llvm::zip_equal(op.getSequences(), op.getSliceArguments()))
      arguments.push_back(sliceAt(rewriter, loc, sequence, position, cast<RankedTensorType>(argument.getType())));
    rewriter.mergeBlocks(&step, body, arguments);

    rewriter.setInsertionPoint(yield);
    SmallVector<Value> next;
    for (auto [i, value] : llvm::enumerate(yield.getValues())) {
      if (i < states) {
        Value flat = dropDims(rewriter, loc, castTo(rewriter, loc, value, op.getInits()[i].getType()),
                              unitDims(op.getInits()[i]));
        next.push_back(copyInto(rewriter, loc, flat, loop.getRegionIterArgs()[i]));
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
    SmallVector<Value> results(loop.getResults());
    for (unsigned i = 0; i < states; ++i)
      results[i] =
          expandTo(rewriter, loc, results[i], dimSizes(rewriter, loc, op.getInits()[i]), unitDims(op.getInits()[i]));
    replaceWith(rewriter, op, results);
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
