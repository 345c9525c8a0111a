#include "WindowShape.h"

namespace mlir::lamina {

Value maxPool(OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes) {
  Type element = cast<RankedTensorType>(x.getType()).getElementType();
  TypedAttr lowest = identityOf(b, Combine::Max, element);
  Value padded = padSpatial(b, loc, x, axes, lowest);
  Structured nest(b, loc);
  WindowLoops loops(nest, b, loc, x, axes);
  nest.in(padded, loops.input);
  nest.shapeOnly(loops.window);
  nest.out(element, loops.result, lowest);
  return nest.build([&](Structured::Region &r) { return SmallVector<Value>{r.s.maximum(r.out[0], r.in[0])}; }).front();
}

// A NaN is the largest element.
Value firstMaximum(OpBuilder &b, Location loc, Value x, Value maximum, ArrayRef<SpatialAxis> axes) {
  Type element = cast<RankedTensorType>(x.getType()).getElementType(), i32 = b.getI32Type();
  Value padded = padSpatial(b, loc, x, axes, identityOf(b, Combine::Max, element));
  TypedAttr none = identityOf(b, Combine::Min, i32);
  Structured nest(b, loc);
  WindowLoops loops(nest, b, loc, x, axes);
  nest.in(padded, loops.input);
  nest.in(maximum, loops.result);
  nest.shapeOnly(loops.window);
  nest.out(i32, loops.result, none);
  return nest
      .build([&](Structured::Region &r) {
        Scalar &s = r.s;
        Value place = s.constantInt(i32, 0);
        for (auto [axis, loop] : llvm::zip_equal(axes, loops.window)) {
          Value along = s.cast(r.index(cast<AffineDimExpr>(loop).getPosition()), i32);
          place = s.add(s.mul(place, s.constantInt(i32, axis.window)), along);
        }
        Value isBest = s.logicalOr(s.compare(Predicate::Eq, r.in[0], r.in[1]), s.isNan(r.in[0]));
        return SmallVector<Value>{s.minimum(r.out[0], s.select(isBest, place, s.constant(none)))};
      })
      .front();
}

WindowLoops::WindowLoops(Structured &nest, OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes) {
  result.push_back(nest.loop(dimSize(b, loc, x, 0)));
  input = result;
  for (const SpatialAxis &axis : axes)
    result.push_back(nest.loop(axis.output));
  result.push_back(nest.loop(dimSize(b, loc, x, axes.size() + 1)));
  for (auto [i, axis] : llvm::enumerate(axes)) {
    window.push_back(nest.reduction(b.getIndexAttr(axis.window)));
    input.push_back(result[i + 1] * axis.stride + window.back() * axis.dilation);
  }
  input.push_back(result.back());
}

ConvLoops::ConvLoops(Structured &nest, OpBuilder &b, ArrayRef<SpatialAxis> axes, OpFoldResult batch,
                     const ConvSizes &sizes, bool kernelGradient) {
  SmallVector<AffineExpr> outputs;
  AffineExpr n;
  auto addPositions = [&](bool reduced) {
    n = nest.loop(batch, reduced);
    for (const SpatialAxis &axis : axes)
      outputs.push_back(nest.loop(axis.output, reduced));
  };
  auto addWindow = [&](bool reduced) {
    for (const SpatialAxis &axis : axes)
      window.push_back(nest.loop(b.getIndexAttr(axis.window), reduced));
  };
  AffineExpr group, feature, channel;
  if (kernelGradient) {
    addWindow(false);
    group = nest.loop(b.getIndexAttr(sizes.groups));
    channel = nest.loop(b.getIndexAttr(sizes.channels));
    feature = nest.loop(b.getIndexAttr(sizes.features));
    addPositions(true);
  } else {
    addPositions(false);
    group = nest.loop(b.getIndexAttr(sizes.groups));
    feature = nest.loop(b.getIndexAttr(sizes.features));
    addWindow(true);
    channel = nest.reduction(b.getIndexAttr(sizes.channels));
  }
  input.push_back(n);
  for (auto [axis, o, k] : llvm::zip_equal(axes, outputs, window))
    input.push_back(o * axis.stride + k * axis.dilation);
  input.append({group, channel});
  kernel = window;
  kernel.append({channel, group, feature});
  result.push_back(n);
  result.append(outputs);
  result.append({group, feature});
}

Value multiplyAdd(Structured &nest, Type accumulator) {
  return nest
      .build([&](Structured::Region &r) {
        Value product = r.s.mul(r.s.cast(r.in[0], accumulator), r.s.cast(r.in[1], accumulator));
        return SmallVector<Value>{r.s.add(r.out[0], product)};
      })
      .front();
}

namespace {

FailureOr<Value> lowerConv(ConvOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  auto kernelType = cast<RankedTensorType>(op.getKernel().getType());
  ArrayRef<int64_t> kernelShape = kernelType.getShape();
  int64_t rank = kernelType.getRank() - 2, groups = op.getGroups();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, op.getInput());
  auto axes = spatialAxes(rewriter, loc, ArrayRef(sizes).slice(1, rank), kernelShape.take_front(rank), op.getStrides(),
                          op.getDilations(), op.getPaddingAttr());
  Type element = kernelType.getElementType(), accumulator = accumulatorOf(element);
  Value padded = padSpatial(rewriter, loc, op.getInput(), axes, cast<TypedAttr>(rewriter.getZeroAttr(element)));

  Structured nest(rewriter, loc);
  ConvLoops loops(nest, rewriter, axes, sizes[0], {groups, kernelShape[rank], kernelShape[rank + 1] / groups}, false);
  nest.in(splitLast(rewriter, loc, padded, groups), loops.input);
  nest.in(splitLast(rewriter, loc, op.getKernel(), groups), loops.kernel);
  nest.out(accumulator, loops.result, cast<TypedAttr>(rewriter.getZeroAttr(accumulator)));
  Value sum = joinLast(rewriter, loc, multiplyAdd(nest, accumulator));
  return castElements(rewriter, loc, sum, element);
}

template <typename Op> SmallVector<SpatialAxis> poolAxes(Op op, PatternRewriter &rewriter) {
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, op.getLoc(), op.getInput());
  return spatialAxes(rewriter, op.getLoc(), ArrayRef(sizes).drop_front().drop_back(), op.getWindow(), op.getStrides(),
                     {}, op.getPaddingAttr());
}

FailureOr<Value> lowerMaxPool(MaxPoolOp op, PatternRewriter &rewriter) {
  return maxPool(rewriter, op.getLoc(), op.getInput(), poolAxes(op, rewriter));
}

FailureOr<Value> lowerAvgPool(AvgPoolOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Type element = op.getType().getElementType(), accumulator = accumulatorOf(element);
  auto axes = poolAxes(op, rewriter);
  Value padded = padSpatial(rewriter, loc, op.getInput(), axes, cast<TypedAttr>(rewriter.getZeroAttr(element)));
  Structured nest(rewriter, loc);
  WindowLoops loops(nest, rewriter, loc, op.getInput(), axes);
  nest.in(padded, loops.input);
  nest.shapeOnly(loops.window);
  nest.out(accumulator, loops.result, cast<TypedAttr>(rewriter.getZeroAttr(accumulator)));
  Value sum = nest.build([&](Structured::Region &r) {
                    return SmallVector<Value>{r.s.add(r.out[0], r.s.cast(r.in[0], accumulator))};
                  })
                  .front();
  return castElements(rewriter, loc, divideByCount(rewriter, loc, sum, axes), element);
}

} // namespace

void populateWindowPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<ConvOp>>(context, lowerConv);
  patterns.add<Lower<MaxPoolOp>>(context, lowerMaxPool);
  patterns.add<Lower<AvgPoolOp>>(context, lowerAvgPool);
}

} // namespace mlir::lamina
