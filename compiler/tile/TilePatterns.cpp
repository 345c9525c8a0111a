#include "compiler/tile/TilePatterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

namespace {

/// linalg.unpack of one panel is a slice of the packed weights.
struct UnpackPanelToSlice : OpRewritePattern<linalg::UnPackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::UnPackOp op, PatternRewriter &rewriter) const override {
    auto source = cast<RankedTensorType>(op.getSource().getType());
    auto dest = cast<RankedTensorType>(op.getDest().getType());
    ArrayRef<int64_t> tiled = op.getInnerDimsPos(), permutation = op.getOuterDimsPerm();
    int64_t rank = dest.getRank();
    if (tiled.size() != 1 || tiled[0] != rank - 1 || dest.isDynamicDim(rank - 1))
      return failure();
    int64_t previous = -1;
    for (int64_t i = 0; i < rank; ++i) {
      int64_t dim = permutation.empty() ? i : permutation[i];
      if (dim == rank - 1) {
        if (source.getDimSize(i) != 1)
          return failure();
        continue;
      }
      if (dim < previous)
        return failure();
      previous = dim;
    }
    SmallVector<OpFoldResult> offsets(rank + 1, rewriter.getIndexAttr(0)), strides(rank + 1, rewriter.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, op.getLoc(), op.getSource());
    sizes.back() = rewriter.getIndexAttr(dest.getShape().back());
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, dest, op.getSource(), offsets, sizes, strides);
    return success();
  }
};

/// A window loop of extent one leaves a strided slice: x[o * s + k * d] with k = 0 becomes a slice of stride s, so that
/// every operand is read along plain loops.
struct WindowToSlice : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<AffineExpr> units(op.getNumLoops());
    for (unsigned i = 0; i < op.getNumLoops(); ++i)
      units[i] = ranges[i] == 1 ? rewriter.getAffineConstantExpr(0) : rewriter.getAffineDimExpr(i);
    bool changed = false;
    SmallVector<Value> inputs(op.getDpsInputs());
    for (auto [index, input] : llvm::enumerate(op.getDpsInputOperands())) {
      AffineMap &map = maps[index];
      if (map.isProjectedPermutation())
        continue;
      SmallVector<AffineExpr> exprs;
      SmallVector<OpFoldResult> offsets, sizes = tensor::getMixedSizes(rewriter, op.getLoc(), input->get()), strides;
      for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
        int64_t offset = 0, stride = 1;
        AffineExpr reduced = expr;
        if (!isa<AffineDimExpr>(expr)) {
          reduced = simplifyAffineExpr(expr.replaceDims(units), op.getNumLoops(), 0);
          if (auto sum = dyn_cast<AffineBinaryOpExpr>(reduced); sum && sum.getKind() == AffineExprKind::Add)
            if (auto constant = dyn_cast<AffineConstantExpr>(sum.getRHS())) {
              offset = constant.getValue();
              reduced = sum.getLHS();
            }
          if (auto product = dyn_cast<AffineBinaryOpExpr>(reduced); product && product.getKind() == AffineExprKind::Mul)
            if (auto constant = dyn_cast<AffineConstantExpr>(product.getRHS())) {
              stride = constant.getValue();
              reduced = product.getLHS();
            }
          if (auto constant = dyn_cast<AffineConstantExpr>(reduced)) {
            offset += constant.getValue();
            // A loop of extent one of this window stands for the axis, if it walks no other.
            for (unsigned i = 0; i < op.getNumLoops() && !isa<AffineDimExpr>(reduced); ++i)
              if (AffineExpr loop = rewriter.getAffineDimExpr(i);
                  ranges[i] == 1 && expr.isFunctionOfDim(i) && !llvm::is_contained(map.getResults(), loop))
                reduced = loop;
          }
          auto dim = dyn_cast<AffineDimExpr>(reduced);
          if (!dim || stride <= 0)
            return failure();
          int64_t range = ranges[dim.getPosition()];
          if (ShapedType::isDynamic(range))
            return failure();
          sizes[axis] = rewriter.getIndexAttr(range);
        }
        exprs.push_back(reduced);
        offsets.push_back(rewriter.getIndexAttr(offset));
        strides.push_back(rewriter.getIndexAttr(stride));
      }
      AffineMap plain = AffineMap::get(op.getNumLoops(), 0, exprs, getContext());
      if (!plain.isProjectedPermutation())
        return failure();
      inputs[index] = tensor::ExtractSliceOp::create(rewriter, op.getLoc(), input->get(), offsets, sizes, strides);
      map = plain;
      changed = true;
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      for (auto [index, input] : llvm::enumerate(inputs))
        op->setOperand(index, input);
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }
};

/// An input of one element is a scalar to the body, so that elements which it tells where to find lie side by side.
struct UnitInputToScalar : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    // Open columns are masked, which does not fit a read of fewer axes.
    if (op.getBody()->getOps<tensor::ExtractOp>().empty() || op.hasDynamicShape())
      return failure();
    bool changed = false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(input->get().getType());
      BlockArgument element = op.getMatchingBlockArgument(input);
      if (!type || element.use_empty() || !type.hasStaticShape() || type.getNumElements() != 1)
        continue;
      SmallVector<Value> zeros(type.getRank(), arith::ConstantIndexOp::create(rewriter, op.getLoc(), 0));
      Value scalar = tensor::ExtractOp::create(rewriter, op.getLoc(), input->get(), zeros);
      rewriter.replaceAllUsesWith(element, scalar);
      changed = true;
    }
    return success(changed);
  }
};

} // namespace

void populatePanelPatterns(RewritePatternSet &patterns) { patterns.add<UnpackPanelToSlice>(patterns.getContext()); }

void populateOperandPatterns(RewritePatternSet &patterns) {
  patterns.add<WindowToSlice, UnitInputToScalar>(patterns.getContext());
}

} // namespace mlir::lamina
