#include "Lowering.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

struct Side {
  Value tensor;
  SmallVector<int64_t> batching, contracting;
  SmallVector<SmallVector<OpFoldResult>> merged; // the sizes of the operand's axes that each one is

  Side(OpBuilder &b, Location loc, Value tensor, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting)
      : tensor(tensor) {
    auto normal = [&](ArrayRef<int64_t> axes) {
      return llvm::map_to_vector(axes, [&](int64_t axis) { return normalAxis(axis, rank()); });
    };
    this->batching = normal(batching);
    this->contracting = normal(contracting);
    for (OpFoldResult size : dimSizes(b, loc, tensor))
      merged.push_back({size});
  }

  int64_t rank() const { return cast<RankedTensorType>(tensor.getType()).getRank(); }
  int64_t size(int64_t axis) const { return cast<RankedTensorType>(tensor.getType()).getDimSize(axis); }
  bool isFree(int64_t axis) const {
    return !llvm::is_contained(batching, axis) && !llvm::is_contained(contracting, axis);
  }

  // Makes `axis` and the next one into one.
  void merge(OpBuilder &b, Location loc, int64_t axis) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t i = 0; i < rank(); ++i)
      if (i == axis + 1)
        groups.back().push_back(i);
      else
        groups.push_back({i});
    tensor = b.createOrFold<tensor::CollapseShapeOp>(loc, tensor, groups);
    llvm::append_range(merged[axis], merged[axis + 1]);
    merged.erase(merged.begin() + axis + 1);
    for (SmallVector<int64_t> *axes : {&batching, &contracting})
      for (int64_t &other : *axes)
        other -= other > axis;
  }
};

// Axes that are summed together, and those of the right side that stay, become one: rows of a matrix are long. So do
// those of the left side before an open one, which may be too short for a tile of rows.
void mergeAxes(OpBuilder &b, Location loc, Side &lhs, Side &rhs) {
  for (unsigned i = 0; i + 1 < lhs.contracting.size();) {
    int64_t left = lhs.contracting[i], right = rhs.contracting[i];
    // The same one of the two may be open.
    auto fits = [&](int64_t l, int64_t r) {
      return ShapedType::isDynamic(lhs.size(l)) == ShapedType::isDynamic(rhs.size(r));
    };
    bool open = ShapedType::isDynamic(lhs.size(left)) && ShapedType::isDynamic(lhs.size(left + 1));
    if (lhs.contracting[i + 1] != left + 1 || rhs.contracting[i + 1] != right + 1 || open || !fits(left, right) ||
        !fits(left + 1, right + 1)) {
      ++i;
      continue;
    }
    lhs.contracting.erase(lhs.contracting.begin() + i + 1);
    rhs.contracting.erase(rhs.contracting.begin() + i + 1);
    lhs.merge(b, loc, left);
    rhs.merge(b, loc, right);
  }
  for (int64_t axis = 0; axis + 1 < rhs.rank();)
    if (rhs.isFree(axis) && rhs.isFree(axis + 1) && !ShapedType::isDynamic(rhs.size(axis)) &&
        !ShapedType::isDynamic(rhs.size(axis + 1)))
      rhs.merge(b, loc, axis);
    else
      ++axis;
  for (int64_t axis = 0; axis + 1 < lhs.rank() && rhs.batching.empty();)
    if (lhs.isFree(axis) && lhs.isFree(axis + 1) && ShapedType::isDynamic(lhs.size(axis + 1)))
      lhs.merge(b, loc, axis);
    else
      ++axis;
}

// Loops: batch, free of the left side, free of the right, contracted.
FailureOr<Value> lowerDotGeneral(DotGeneralOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Side lhs(rewriter, loc, op.getLhs(), op.getLhsBatching(), op.getLhsContracting());
  Side rhs(rewriter, loc, op.getRhs(), op.getRhsBatching(), op.getRhsContracting());
  mergeAxes(rewriter, loc, lhs, rhs);
  Type element = op.getType().getElementType();
  Type accumulator = accumulatorOf(element);
  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> lhsIndex(lhs.rank()), rhsIndex(rhs.rank()), result;
  auto shared = [&](int64_t left, int64_t right, bool reduced) {
    OpFoldResult size = dimSize(rewriter, loc, lhs.tensor, left);
    if (ShapedType::isDynamic(staticSize(size)))
      size = dimSize(rewriter, loc, rhs.tensor, right);
    lhsIndex[left] = rhsIndex[right] = nest.loop(size, reduced);
    return lhsIndex[left];
  };
  for (auto [left, right] : llvm::zip_equal(lhs.batching, rhs.batching))
    result.push_back(shared(left, right, false));
  auto free = [&](const Side &side, MutableArrayRef<AffineExpr> index) {
    for (auto [dim, expr] : llvm::enumerate(index))
      if (side.isFree(dim)) {
        expr = nest.loop(dimSize(rewriter, loc, side.tensor, dim));
        result.push_back(expr);
      }
  };
  free(lhs, lhsIndex);
  free(rhs, rhsIndex);
  for (auto [left, right] : llvm::zip_equal(lhs.contracting, rhs.contracting))
    shared(left, right, true);

  nest.in(lhs.tensor, lhsIndex);
  nest.in(rhs.tensor, rhsIndex);
  nest.out(accumulator, result, cast<TypedAttr>(rewriter.getZeroAttr(accumulator)));
  Value sum = nest.build([&](Structured::Region &r) {
                    Value product = r.s.mul(r.s.cast(r.in[0], accumulator), r.s.cast(r.in[1], accumulator));
                    return SmallVector<Value>{r.s.add(r.out[0], product)};
                  })
                  .front();
  sum = castElements(rewriter, loc, sum, element);
  if (sum.getType() == op.getType())
    return sum;
  SmallVector<ReassociationIndices> groups;
  SmallVector<OpFoldResult> sizes;
  int64_t axis = 0;
  for (const Side *side : {&lhs, &rhs})
    for (int64_t i = 0; i < side->rank(); ++i) {
      if (!side->isFree(i) && !(side == &lhs && llvm::is_contained(side->batching, i)))
        continue;
      groups.emplace_back();
      for (OpFoldResult size : side->merged[i]) {
        int64_t known = op.getType().getDimSize(axis);
        sizes.push_back(ShapedType::isDynamic(known) ? size : OpFoldResult(rewriter.getIndexAttr(known)));
        groups.back().push_back(axis++);
      }
    }
  return rewriter.createOrFold<tensor::ExpandShapeOp>(loc, op.getType(), sum, groups, sizes);
}

} // namespace

void populateContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<Lower<DotGeneralOp>>(patterns.getContext(), lowerDotGeneral);
}

} // namespace mlir::lamina
