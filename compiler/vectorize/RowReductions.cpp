#include "compiler/vectorize/RowReductions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

namespace {

/// A reduction over the last axes of a vector, row by row.
struct ReduceRows : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    SmallVector<bool> reduced = op.getReductionMask();
    unsigned outer = llvm::find(reduced, true) - reduced.begin();
    if (type.isScalable() || isa<vector::MaskOp>(op->getParentOp()) ||
        llvm::is_contained(ArrayRef(reduced).drop_front(outer), false))
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
    auto reduce = [&](Value row, Value start) {
      return vector::ReductionOp::create(rewriter, loc, op.getKind(), row, start, arith::FastMathFlags::reassoc)
          .getResult();
    };
    auto resultType = dyn_cast<VectorType>(op.getType());
    if (!resultType) {
      rewriter.replaceOp(op, reduce(source, op.getAcc()));
      return success();
    }
    Value result = op.getAcc();
    for (int64_t row = 0; row < rows; ++row) {
      SmallVector<int64_t> position(outer);
      for (int64_t axis = outer - 1, rest = row; axis >= 0; rest /= kept[axis--])
        position[axis] = rest % kept[axis];
      Value start = vector::ExtractOp::create(rewriter, loc, op.getAcc(), position);
      Value sum = reduce(vector::ExtractOp::create(rewriter, loc, source, position), start);
      result = vector::InsertOp::create(rewriter, loc, sum, result, position);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void populateRowReductionPatterns(RewritePatternSet &patterns) { patterns.add<ReduceRows>(patterns.getContext()); }

} // namespace mlir::lamina
