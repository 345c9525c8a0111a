#pragma once

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

/// The type of a slice of these sizes without the dropped axes.
inline RankedTensorType keptSliceType(RankedTensorType type, ArrayRef<OpFoldResult> sizes,
                                      const llvm::SmallBitVector &dropped) {
  SmallVector<int64_t> shape;
  for (auto [axis, size] : llvm::enumerate(sizes))
    if (!dropped.test(axis))
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  return type.clone(shape);
}

inline bool foldConstants(SmallVectorImpl<OpFoldResult> &offsets, SmallVectorImpl<OpFoldResult> &sizes,
                          SmallVectorImpl<OpFoldResult> &strides) {
  bool folded = succeeded(foldDynamicOffsetSizeList(offsets));
  folded |= succeeded(foldDynamicOffsetSizeList(sizes));
  folded |= succeeded(foldDynamicStrideList(strides));
  // A single element has no stride; subviews with one are taken for others when axes are dropped.
  for (auto [size, stride] : llvm::zip_equal(sizes, strides))
    if (isOneInteger(size) && !isOneInteger(stride)) {
      stride = OpBuilder(size.getContext()).getIndexAttr(1);
      folded = true;
    }
  return folded;
}

/// Constant offsets, sizes and strides become attributes. The axes that a slice drops stay the same ones; upstream
/// drops the first of extent one instead.
struct FoldSliceConstants : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op, PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> offsets(op.getMixedOffsets()), sizes(op.getMixedSizes()), strides(op.getMixedStrides());
    llvm::SmallBitVector dropped = op.getDroppedDims();
    if (!foldConstants(offsets, sizes, strides))
      return failure();
    Value slice = tensor::ExtractSliceOp::create(rewriter, op.getLoc(), keptSliceType(op.getType(), sizes, dropped),
                                                 op.getSource(), offsets, sizes, strides);
    if (slice.getType() != op.getType())
      slice = tensor::CastOp::create(rewriter, op.getLoc(), op.getType(), slice);
    rewriter.replaceOp(op, slice);
    return success();
  }
};

struct FoldInsertionConstants : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp op, PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> offsets(op.getMixedOffsets()), sizes(op.getMixedSizes()), strides(op.getMixedStrides());
    llvm::SmallBitVector dropped = op.getDroppedDims();
    if (!foldConstants(offsets, sizes, strides))
      return failure();
    Value source = op.getSource();
    if (Type type = keptSliceType(op.getSourceType(), sizes, dropped); source.getType() != type)
      source = tensor::CastOp::create(rewriter, op.getLoc(), type, source);
    rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(op, source, op.getDest(), offsets, sizes, strides);
    return success();
  }
};

/// A slice reads through a cast of its source.
struct SliceOfCast : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op, PatternRewriter &rewriter) const override {
    auto cast = op.getSource().getDefiningOp<tensor::CastOp>();
    if (!cast || !tensor::canFoldIntoConsumerOp(cast))
      return failure();
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, op.getType(), cast.getSource(), op.getMixedOffsets(),
                                                        op.getMixedSizes(), op.getMixedStrides());
    return success();
  }
};

/// The canonicalization patterns of all dialects that a kernel passes through, to be run together with a pass's own.
/// Those of linalg.generic stay out: they would take a copy for superfluous.
inline void populateCleanupPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() != "llvm" && name.getDialectNamespace() != "lamina" &&
        name.getStringRef() != "linalg.generic" && name.getStringRef() != "tensor.extract_slice" &&
        name.getStringRef() != "tensor.insert_slice")
      name.getCanonicalizationPatterns(patterns, context);
  patterns.add<FoldSliceConstants, FoldInsertionConstants, SliceOfCast>(context);
}

} // namespace mlir::lamina
