#include "Lowering.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

// The nearest row of a table.
Value clampIndex(Scalar &s, Value index, OpFoldResult rows) {
  Type type = s.builder().getIndexType();
  Value count = getValueOrCreateConstantIndexOp(s.builder(), s.location(), rows);
  Value last = s.sub(count, s.constantInt(type, 1));
  return s.maximum(s.minimum(s.cast(index, type), last), s.constantInt(type, 0));
}

FailureOr<Value> lowerReverse(ReverseOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, x);
  SmallVector<int64_t> axes = normalAxes(op.getAxes(), sizes.size());
  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> loops;
  for (OpFoldResult size : sizes)
    loops.push_back(nest.loop(size));
  nest.out(op.getType().getElementType(), loops);
  return nest
      .build([&](Structured::Region &r) {
        SmallVector<Value> index;
        for (auto [dim, size] : llvm::enumerate(sizes)) {
          Value at = r.index(dim);
          if (llvm::is_contained(axes, static_cast<int64_t>(dim)) && staticSize(size) != 1) {
            Value count = getValueOrCreateConstantIndexOp(r.s.builder(), loc, size);
            at = r.s.sub(r.s.sub(count, r.s.constantInt(r.s.builder().getIndexType(), 1)), at);
          }
          index.push_back(at);
        }
        return SmallVector<Value>{tensor::ExtractOp::create(r.s.builder(), loc, x, index)};
      })
      .front();
}

FailureOr<Value> lowerGather(GatherOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value table = op.getTable();
  Type element = op.getType().getElementType();
  SmallVector<OpFoldResult> rowSizes = dimSizes(rewriter, loc, table);
  OpFoldResult rows = rowSizes.front();
  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> positions, result;
  for (OpFoldResult size : dimSizes(rewriter, loc, op.getIndices()))
    positions.push_back(nest.loop(size));
  result = positions;
  for (OpFoldResult size : ArrayRef(rowSizes).drop_front())
    result.push_back(nest.loop(size));
  nest.in(op.getIndices(), positions);
  nest.out(element, result);
  return nest
      .build([&](Structured::Region &r) {
        if (staticSize(rows) == 0)
          return SmallVector<Value>{r.s.constantInt(element, 0)};
        SmallVector<Value> index{clampIndex(r.s, r.in[0], rows)};
        for (unsigned loop = positions.size(); loop < result.size(); ++loop)
          index.push_back(r.index(loop));
        return SmallVector<Value>{tensor::ExtractOp::create(r.s.builder(), loc, table, index)};
      })
      .front();
}

// One row after the other, so that sums have one order.
FailureOr<Value> lowerScatterAdd(ScatterAddOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  auto tableType = cast<RankedTensorType>(op.getInit().getType());
  SmallVector<OpFoldResult> rowSizes = dimSizes(rewriter, loc, op.getInit());
  OpFoldResult rows = rowSizes.front();
  if (staticSize(rows) == 0)
    return op.getInit();
  SmallVector<OpFoldResult> indexSizes = dimSizes(rewriter, loc, op.getIndices());
  OpFoldResult count = productOf(rewriter, loc, indexSizes);
  SmallVector<OpFoldResult> updateSizes = dimSizes(rewriter, loc, op.getUpdates());
  updateSizes.erase(updateSizes.begin(), updateSizes.begin() + indexSizes.size());
  updateSizes.insert(updateSizes.begin(), OpFoldResult());
  Value indices = reshape(rewriter, loc, op.getIndices(), {OpFoldResult()});
  Value updates = reshape(rewriter, loc, op.getUpdates(), updateSizes);
  SmallVector<OpFoldResult> strides(rowSizes.size(), rewriter.getIndexAttr(1));
  rowSizes.front() = rewriter.getIndexAttr(1);
  auto rowType = RankedTensorType::get(llvm::map_to_vector(rowSizes, staticSize), tableType.getElementType());

  return loopOver(rewriter, loc, count, op.getInit(),
                  [&](OpBuilder &b, Value iv, ValueRange carried) -> SmallVector<Value> {
                    Scalar s(b, loc);
                    SmallVector<OpFoldResult> from(rowSizes.size(), b.getIndexAttr(0)), to = from;
                    from.front() = iv;
                    Value place = clampIndex(s, tensor::ExtractOp::create(b, loc, indices, iv), rows);
                    // Bufferization copies the whole table for a slice of one element.
                    if (rowType.hasStaticShape() && rowType.getNumElements() == 1) {
                      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
                      SmallVector<Value> source(rowSizes.size(), zero), target = source;
                      source.front() = iv;
                      target.front() = place;
                      Value sum = s.add(tensor::ExtractOp::create(b, loc, carried[0], target),
                                        tensor::ExtractOp::create(b, loc, updates, source));
                      return {tensor::InsertOp::create(b, loc, sum, carried[0], target)};
                    }
                    to.front() = place;
                    Value update = tensor::ExtractSliceOp::create(b, loc, updates, from, rowSizes, strides);
                    Value row = tensor::ExtractSliceOp::create(b, loc, carried[0], to, rowSizes, strides);
                    Value sum = pointwise(b, loc, rowType, {row, update},
                                          [](Scalar &s, ValueRange x) { return s.add(x[0], x[1]); });
                    return {tensor::InsertSliceOp::create(b, loc, sum, carried[0], to, rowSizes, strides)};
                  })
      .front();
}

FailureOr<Value> lowerIota(IotaOp op, PatternRewriter &rewriter) {
  Type element = op.getType().getElementType();
  Structured nest(rewriter, op.getLoc());
  SmallVector<AffineExpr> loops;
  for (OpFoldResult size : resolveShape(rewriter, op.getLoc(), {}, op.getShape(), op.getDims()))
    loops.push_back(nest.loop(size));
  unsigned axis = normalAxis(op.getAxis(), loops.size());
  nest.out(element, loops);
  return nest.build([&](Structured::Region &r) { return SmallVector<Value>{r.s.cast(r.index(axis), element)}; })
      .front();
}

FailureOr<Value> lowerOneHot(OneHotOp op, PatternRewriter &rewriter) {
  Type element = op.getType().getElementType();
  Structured nest(rewriter, op.getLoc());
  SmallVector<AffineExpr> positions, result;
  for (OpFoldResult size : dimSizes(rewriter, op.getLoc(), op.getIndices()))
    positions.push_back(nest.loop(size));
  result = positions;
  result.push_back(nest.loop(rewriter.getIndexAttr(op.getDepth())));
  nest.in(op.getIndices(), positions);
  nest.out(element, result);
  return nest
      .build([&](Structured::Region &r) {
        Scalar &s = r.s;
        Value own = s.cast(r.index(positions.size()), r.in[0].getType());
        Value hit = s.compare(Predicate::Eq, r.in[0], own);
        return SmallVector<Value>{s.select(hit, s.constantInt(element, 1), s.constantInt(element, 0))};
      })
      .front();
}

} // namespace

void populateShapeIndexingPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<ReverseOp>>(context, lowerReverse);
  patterns.add<Lower<GatherOp>>(context, lowerGather);
  patterns.add<Lower<ScatterAddOp>>(context, lowerScatterAdd);
  patterns.add<Lower<IotaOp>>(context, lowerIota);
  patterns.add<Lower<OneHotOp>>(context, lowerOneHot);
}

} // namespace mlir::lamina
