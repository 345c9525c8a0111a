#include "compiler/vectorize/RowReductions.h"

#include "compiler/vectorize/RowTree.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

namespace {

/// Whether all of the vector is reduced, in a known number of lanes.
bool isWhole(vector::MultiDimReductionOp op) {
  return !op.getSourceVectorType().isScalable() && !isa<vector::MaskOp>(op->getParentOp());
}

/// A reduction without axes of one element, which would hide where the others lie.
struct DropUnitAxes : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    if (!isWhole(op) || !llvm::is_contained(type.getShape(), 1))
      return failure();
    Location loc = op.getLoc();
    SmallVector<int64_t> shape, kept;
    SmallVector<bool> mask;
    for (auto [size, reduced] : llvm::zip_equal(type.getShape(), op.getReductionMask())) {
      if (size == 1)
        continue;
      shape.push_back(size);
      mask.push_back(reduced);
      if (!reduced)
        kept.push_back(size);
    }
    if (!llvm::is_contained(mask, true) || kept.empty())
      return failure();
    VectorType result = VectorType::get(kept, type.getElementType());
    auto cast = [&](Type to, Value value) { return vector::ShapeCastOp::create(rewriter, loc, to, value).getResult(); };
    Value reduced = vector::MultiDimReductionOp::create(
        rewriter, loc, cast(VectorType::get(shape, type.getElementType()), op.getSource()), cast(result, op.getAcc()),
        mask, op.getKind());
    rewriter.replaceOp(op, cast(op.getType(), reduced));
    return success();
  }
};

/// A reduction over the last axes of a vector, all rows together.
struct ReduceRows : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    SmallVector<bool> reduced = op.getReductionMask();
    unsigned outer = llvm::find(reduced, true) - reduced.begin();
    if (!isWhole(op) || llvm::is_contained(ArrayRef(reduced).drop_front(outer), false))
      return failure();
    int64_t rows = 1, length = 1;
    for (auto [axis, size] : llvm::enumerate(type.getShape()))
      (axis < outer ? rows : length) *= size;
    if (length < 4)
      return failure();

    Location loc = op.getLoc();
    auto kept = type.getShape().take_front(outer);
    SmallVector<int64_t> flat(kept);
    flat.push_back(length);
    Value source =
        rewriter.createOrFold<vector::ShapeCastOp>(loc, VectorType::get(flat, type.getElementType()), op.getSource());
    SmallVector<SmallVector<Value>> all;
    for (int64_t row = 0; row < rows; ++row)
      all.push_back(
          {outer ? vector::ExtractOp::create(rewriter, loc, source, delinearize(row, computeStrides(kept))).getResult()
                 : source});
    Value result = RowTree(rewriter, loc, op.getKind()).reduce(all);
    rewriter.replaceOp(op, finishRows(rewriter, op, result));
    return success();
  }
};

/// A reduction over the first axes of a vector, in pairs.
struct ReduceColumns : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    SmallVector<bool> reduced = op.getReductionMask();
    unsigned outer = llvm::find(reduced, false) - reduced.begin();
    if (!isWhole(op) || outer == 0 || outer == reduced.size() ||
        llvm::is_contained(ArrayRef(reduced).drop_front(outer), true))
      return failure();
    ArrayRef<int64_t> shape = type.getShape().take_front(outer);
    int64_t count = llvm::product_of(shape);
    if (count < 3)
      return failure();
    SmallVector<Value> rows;
    for (int64_t row = 0; row < count; ++row)
      rows.push_back(
          vector::ExtractOp::create(rewriter, op.getLoc(), op.getSource(), delinearize(row, computeStrides(shape))));
    auto combine = [&](Value a, Value b) {
      return vector::makeArithReduction(rewriter, op.getLoc(), op.getKind(), a, b);
    };
    rewriter.replaceOp(op, combine(op.getAcc(), combinePairs(rows, combine)));
    return success();
  }
};

/// A value a row, repeated along the rows: row by row, where the generic way takes column after column apart.
struct RepeatAlongRows : OpRewritePattern<vector::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::TransposeOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getVector().getDefiningOp<vector::BroadcastOp>();
    auto source = broadcast ? dyn_cast<VectorType>(broadcast.getSourceType()) : VectorType();
    VectorType type = op.getResultVectorType();
    if (!source || type.isScalable())
      return failure();
    int64_t kept = source.getRank(), rank = type.getRank();
    if (kept == 0 || kept == rank || type.getShape().take_front(kept) != source.getShape() ||
        !llvm::equal(op.getPermutation().take_front(kept), llvm::seq(rank - kept, rank)))
      return failure();
    Location loc = op.getLoc();
    VectorType row = VectorType::get(type.getShape().drop_front(kept), type.getElementType());
    Value result = ub::PoisonOp::create(rewriter, loc, type);
    for (int64_t i = 0; i < source.getNumElements(); ++i) {
      SmallVector<int64_t> position = delinearize(i, computeStrides(source.getShape()));
      Value element = vector::ExtractOp::create(rewriter, loc, broadcast.getSource(), position);
      result = vector::InsertOp::create(rewriter, loc, vector::BroadcastOp::create(rewriter, loc, row, element), result,
                                        position);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void populateRowReductionPatterns(RewritePatternSet &patterns) {
  patterns.add<DropUnitAxes, ReduceRows, ReduceColumns, RepeatAlongRows>(patterns.getContext());
}

} // namespace mlir::lamina
