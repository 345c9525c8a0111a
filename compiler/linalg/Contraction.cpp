#include "Lowering.h"

namespace mlir::lamina {

namespace {

// Loops: batch, free of the left side, free of the right, contracted.
FailureOr<Value> lowerDotGeneral(DotGeneralOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value lhs = op.getLhs(), rhs = op.getRhs();
  Type element = op.getType().getElementType();
  Type accumulator = accumulatorOf(element);
  Structured nest(rewriter, loc);
  int64_t lhsRank = cast<RankedTensorType>(lhs.getType()).getRank();
  int64_t rhsRank = cast<RankedTensorType>(rhs.getType()).getRank();
  SmallVector<AffineExpr> lhsIndex(lhsRank), rhsIndex(rhsRank), result;
  auto normal = [](ArrayRef<int64_t> axes, int64_t rank) {
    return llvm::map_to_vector(axes, [&](int64_t axis) { return normalAxis(axis, rank); });
  };
  SmallVector<int64_t> lhsContracting = normal(op.getLhsContracting(), lhsRank);
  SmallVector<int64_t> rhsContracting = normal(op.getRhsContracting(), rhsRank);

  auto shared = [&](int64_t left, int64_t right, bool reduced) {
    OpFoldResult size = dimSize(rewriter, loc, lhs, left);
    if (ShapedType::isDynamic(staticSize(size)))
      size = dimSize(rewriter, loc, rhs, right);
    lhsIndex[left] = rhsIndex[right] = nest.loop(size, reduced);
    return lhsIndex[left];
  };
  for (auto [left, right] : llvm::zip_equal(normal(op.getLhsBatching(), lhsRank), normal(op.getRhsBatching(), rhsRank)))
    result.push_back(shared(left, right, false));
  auto free = [&](Value tensor, MutableArrayRef<AffineExpr> index, ArrayRef<int64_t> contracting) {
    for (auto [dim, expr] : llvm::enumerate(index))
      if (!expr && !llvm::is_contained(contracting, static_cast<int64_t>(dim))) {
        expr = nest.loop(dimSize(rewriter, loc, tensor, dim));
        result.push_back(expr);
      }
  };
  free(lhs, lhsIndex, lhsContracting);
  free(rhs, rhsIndex, rhsContracting);
  for (auto [left, right] : llvm::zip_equal(lhsContracting, rhsContracting))
    shared(left, right, true);

  nest.in(lhs, lhsIndex);
  nest.in(rhs, rhsIndex);
  nest.out(accumulator, result, cast<TypedAttr>(rewriter.getZeroAttr(accumulator)));
  Value sum = nest.build([&](Structured::Region &r) {
                    Value product = r.s.mul(r.s.cast(r.in[0], accumulator), r.s.cast(r.in[1], accumulator));
                    return SmallVector<Value>{r.s.add(r.out[0], product)};
                  })
                  .front();
  return castElements(rewriter, loc, sum, element);
}

} // namespace

void populateContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<Lower<DotGeneralOp>>(patterns.getContext(), lowerDotGeneral);
}

} // namespace mlir::lamina
