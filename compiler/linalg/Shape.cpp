#include "Lowering.h"
#include "WindowShape.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

FailureOr<Value> lowerConstant(ConstantOp op, PatternRewriter &rewriter) {
  auto value = dyn_cast<TypedAttr>(Attribute(op.getValue()));
  if (!value)
    return rewriter.notifyMatchFailure(op, "is not a typed constant");
  return arith::ConstantOp::create(rewriter, op.getLoc(), value).getResult();
}

FailureOr<Value> lowerDim(DimOp op, PatternRewriter &rewriter) {
  int64_t axis = normalAxis(op.getAxis(), cast<RankedTensorType>(op.getInput().getType()).getRank());
  return getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), dimSize(rewriter, op.getLoc(), op.getInput(), axis));
}

FailureOr<Value> lowerReshape(ReshapeOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> input = dimSizes(rewriter, loc, op.getInput());
  return reshape(rewriter, loc, op.getInput(), resolveShape(rewriter, loc, input, op.getShape(), op.getDims()));
}

// Reads x at `index` for every point of the result.
Value copyElements(OpBuilder &b, Structured &nest, Value x, ArrayRef<AffineExpr> index, ArrayRef<AffineExpr> result) {
  nest.in(x, index);
  nest.out(cast<RankedTensorType>(x.getType()).getElementType(), result);
  return nest.build([](Structured::Region &r) { return SmallVector<Value>{r.in[0]}; }).front();
}

FailureOr<Value> lowerTranspose(TransposeOp op, PatternRewriter &rewriter) {
  Structured nest(rewriter, op.getLoc());
  SmallVector<AffineExpr> result, index(op.getPermutation().size());
  for (int64_t dim : normalAxes(op.getPermutation(), index.size())) {
    result.push_back(nest.loop(dimSize(rewriter, op.getLoc(), op.getInput(), dim)));
    index[dim] = result.back();
  }
  return copyElements(rewriter, nest, op.getInput(), index, result);
}

FailureOr<Value> lowerBroadcastTo(BroadcastToOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getInput().getType());
  SmallVector<OpFoldResult> input = dimSizes(rewriter, loc, op.getInput());
  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> result, index;
  for (OpFoldResult size : resolveShape(rewriter, loc, input, op.getShape(), op.getDims()))
    result.push_back(nest.loop(size));
  unsigned front = result.size() - type.getRank();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool stretched = type.getDimSize(dim) == 1 && staticSize(nest.size(result[front + dim])) != 1;
    index.push_back(stretched ? nest.constant(0) : result[front + dim]);
  }
  return copyElements(rewriter, nest, op.getInput(), index, result);
}

FailureOr<Value> lowerConcatenate(ConcatenateOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  int64_t axis = normalAxis(op.getAxis(), op.getType().getRank());
  SmallVector<SmallVector<OpFoldResult>> inputs;
  SmallVector<OpFoldResult> ends{rewriter.getIndexAttr(0)};
  AffineExpr s0, s1;
  bindSymbols(rewriter.getContext(), s0, s1);
  for (Value input : op.getInputs()) {
    inputs.push_back(dimSizes(rewriter, loc, input));
    ends.push_back(sizeExpr(rewriter, loc, s0 + s1, {ends.back(), inputs.back()[axis]}));
  }
  SmallVector<OpFoldResult> sizes = inputs[0], strides(sizes.size(), rewriter.getIndexAttr(1));
  for (unsigned dim = 0; dim < sizes.size(); ++dim)
    for (const auto &other : inputs)
      if (!ShapedType::isDynamic(staticSize(other[dim])))
        sizes[dim] = other[dim];
  sizes[axis] = ends.back();
  Value result = emptyTensor(rewriter, loc, sizes, op.getType().getElementType());
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    SmallVector<OpFoldResult> offsets(sizes.size(), rewriter.getIndexAttr(0));
    offsets[axis] = ends[i];
    result = tensor::InsertSliceOp::create(rewriter, loc, input, result, offsets, inputs[i], strides);
  }
  return result;
}

// A bound as numpy takes it: negative counts from the end, and all are clamped to the axis.
OpFoldResult clampBound(OpBuilder &b, Location loc, int64_t bound, OpFoldResult size) {
  AffineExpr s0 = b.getAffineSymbolExpr(0), zero = b.getAffineConstantExpr(0);
  if (ShapedType::isDynamic(bound))
    return size;
  if (bound == 0)
    return b.getIndexAttr(0);
  if (bound < 0)
    return affine::makeComposedFoldedAffineMax(b, loc, AffineMap::get(0, 1, {s0 + bound, zero}, b.getContext()), size);
  AffineExpr constant = b.getAffineConstantExpr(bound);
  return affine::makeComposedFoldedAffineMin(b, loc, AffineMap::get(0, 1, {s0, constant}, b.getContext()), size);
}

FailureOr<Value> lowerSlice(SliceOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  AffineExpr s0, s1, zero = rewriter.getAffineConstantExpr(0);
  bindSymbols(rewriter.getContext(), s0, s1);
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (auto [dim, size] : llvm::enumerate(dimSizes(rewriter, loc, op.getInput()))) {
    OpFoldResult start = clampBound(rewriter, loc, op.getStarts()[dim], size);
    OpFoldResult limit = clampBound(rewriter, loc, op.getLimits()[dim], size);
    int64_t stride = op.getStrides()[dim];
    auto count = AffineMap::get(0, 2, {(s1 - s0).ceilDiv(stride), zero}, rewriter.getContext());
    bool whole = op.getStarts()[dim] == 0 && ShapedType::isDynamic(op.getLimits()[dim]) && stride == 1;
    offsets.push_back(start);
    sizes.push_back(whole ? size : affine::makeComposedFoldedAffineMax(rewriter, loc, count, {start, limit}));
    strides.push_back(rewriter.getIndexAttr(stride));
  }
  return tensor::ExtractSliceOp::create(rewriter, loc, op.getInput(), offsets, sizes, strides).getResult();
}

FailureOr<Value> lowerPad(PadOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Type element = op.getType().getElementType();
  auto value = isa<FloatType>(element)
                   ? cast<TypedAttr>(rewriter.getFloatAttr(element, op.getValue().convertToDouble()))
                   : cast<TypedAttr>(rewriter.getIntegerAttr(element, int64_t(op.getValue().convertToDouble())));
  SmallVector<OpFoldResult> low, high;
  for (auto [before, after] : llvm::zip_equal(op.getLow(), op.getHigh())) {
    low.push_back(rewriter.getIndexAttr(before));
    high.push_back(rewriter.getIndexAttr(after));
  }
  return padTensor(rewriter, loc, op.getInput(), low, high, value);
}

} // namespace

void populateShapePatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<ConstantOp>>(context, lowerConstant);
  patterns.add<Lower<DimOp>>(context, lowerDim);
  patterns.add<Lower<ReshapeOp>>(context, lowerReshape);
  patterns.add<Lower<TransposeOp>>(context, lowerTranspose);
  patterns.add<Lower<BroadcastToOp>>(context, lowerBroadcastTo);
  patterns.add<Lower<ConcatenateOp>>(context, lowerConcatenate);
  patterns.add<Lower<SliceOp>>(context, lowerSlice);
  patterns.add<Lower<PadOp>>(context, lowerPad);
}

} // namespace mlir::lamina
