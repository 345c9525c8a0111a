#include "WindowShape.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

TypedAttr zeroOf(OpBuilder &b, Type type) { return cast<TypedAttr>(b.getZeroAttr(type)); }

// The window's places as one axis, last place first, and [channel, group, feature] as [group, feature, channel]:
// what the input's gradient reads in order.
Value turnKernel(OpBuilder &b, Location loc, Value kernel, int64_t rank) {
  auto type = cast<RankedTensorType>(kernel.getType());
  ArrayRef<int64_t> shape = type.getShape();
  int64_t places = ShapedType::getNumElements(shape.take_front(rank));
  int64_t channels = shape[rank], groups = shape[rank + 1], features = shape[rank + 2];
  SmallVector<ReassociationIndices> flat{llvm::to_vector(llvm::seq<int64_t>(0, rank)), {rank}, {rank + 1}, {rank + 2}};
  auto flatType = RankedTensorType::get({places, channels, groups, features}, type.getElementType());
  Value source = b.createOrFold<tensor::CollapseShapeOp>(loc, flatType, kernel, flat);
  auto index = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };
  Value empty =
      tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>{places, groups, features, channels}, type.getElementType());
  SmallVector<OpFoldResult> strides(4, index(1)), from(4, index(0)), to = from;
  SmallVector<OpFoldResult> sizes{index(1), index(channels), index(groups), index(features)};
  SmallVector<OpFoldResult> turnedSizes{index(1), index(groups), index(features), index(channels)};
  Value result =
      loopOver(b, loc, index(places), empty, [&](OpBuilder &b, Value iv, ValueRange carried) {
        from[0] = sizeExpr(b, loc, places - 1 - b.getAffineSymbolExpr(0), OpFoldResult(iv));
        to[0] = iv;
        Value slice = tensor::ExtractSliceOp::create(b, loc, source, from, sizes, strides);
        Structured nest(b, loc);
        AffineExpr one = nest.loop(index(1)), g = nest.loop(index(groups)), f = nest.loop(index(features)),
                   c = nest.loop(index(channels));
        nest.in(slice, {one, c, g, f});
        nest.out(type.getElementType(), {one, g, f, c});
        Value turned = nest.build([](Structured::Region &r) { return SmallVector<Value>{r.in[0]}; }).front();
        return SmallVector<Value>{tensor::InsertSliceOp::create(b, loc, turned, carried[0], to, turnedSizes, strides)};
      }).front();
  SmallVector<int64_t> turnedShape(shape.take_front(rank));
  turnedShape.append({groups, features, channels});
  return b.createOrFold<tensor::ExpandShapeOp>(loc, RankedTensorType::get(turnedShape, type.getElementType()), result,
                                               flat, llvm::map_to_vector(turnedShape, index));
}

// The positions of dx that give one residue when their padded place is divided by the stride. They see every stride-th
// place of the window, and dy as a convolution of stride 1 does.
struct Phase {
  int64_t first; // position of dx
  OpFoldResult count;
  int64_t tap, taps, step; // places of the turned window
  int64_t dilation;
  int64_t from; // position of dy, which may lie before it
};

struct Phases {
  SmallVector<Phase> all;
  int64_t low; // padding of dy that all of them see
  OpFoldResult high;
};

Phases phasesOf(OpBuilder &b, Location loc, const SpatialAxis &axis) {
  Phases phases{{}, 0, b.getIndexAttr(0)};
  int64_t stride = axis.stride, padding = staticSize(axis.low);
  AffineExpr s0, s1, s2;
  bindSymbols(b.getContext(), s0, s1, s2);
  for (int64_t residue = 0; residue < stride; ++residue) {
    SmallVector<int64_t> places;
    for (int64_t place = 0; place < axis.window; ++place)
      if (place * axis.dilation % stride == residue)
        places.push_back(place);
    // The first position: padded place quotient * stride + residue.
    int64_t quotient = (padding - residue + stride - 1) / stride;
    Phase phase{};
    phase.first = quotient * stride + residue - padding;
    phase.count = sizeExpr(b, loc, (s0 + (stride - 1 - phase.first)).floorDiv(stride), axis.input);
    if (staticSize(phase.count) == 0)
      continue;
    phase.taps = places.size();
    if (!places.empty()) {
      auto offset = [&](int64_t place) { return (place * axis.dilation - residue) / stride; };
      phase.tap = axis.window - 1 - places.back();
      phase.step = places.size() > 1 ? places[1] - places[0] : 1;
      phase.dilation = places.size() > 1 ? offset(places[1]) - offset(places[0]) : 1;
      phase.from = quotient - offset(places.back());
      phases.low = std::max(phases.low, -phase.from);
      phases.high = largerSize(b, loc, s0 - s1 + (quotient - offset(places.front())), s2,
                               {phase.count, axis.output, phases.high});
    }
    phases.all.push_back(phase);
  }
  return phases;
}

// dx[i] = sum of dy[o] k[w] over o * stride + w * dilation - low = i: for each phase of the axes a convolution of
// stride 1 over dy with its places of the window, turned around.
Value convTranspose(OpBuilder &b, Location loc, Value dy, Value kernel, ArrayRef<SpatialAxis> axes, int64_t groups) {
  auto kernelType = cast<RankedTensorType>(kernel.getType());
  int64_t rank = axes.size(), channels = kernelType.getDimSize(rank);
  int64_t features = kernelType.getDimSize(rank + 1) / groups;
  Type element = kernelType.getElementType(), accumulator = accumulatorOf(element);
  Value split = splitLast(b, loc, kernel, groups);
  bool isPoint = llvm::all_of(axes, [](const SpatialAxis &axis) { return axis.window == 1; });
  Value turned = isPoint ? split : turnKernel(b, loc, split, rank);
  auto index = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };

  SmallVector<Phases> phases;
  SmallVector<OpFoldResult> sizes = dimSizes(b, loc, dy), low(rank + 2, index(0)), high = low;
  sizes.back() = index(channels * groups);
  int64_t combinations = 1;
  bool gaps = false;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    phases.push_back(phasesOf(b, loc, axis));
    combinations *= phases.back().all.size();
    gaps |= llvm::any_of(phases.back().all, [](const Phase &phase) { return phase.taps == 0; });
    low[i + 1] = index(phases.back().low);
    high[i + 1] = phases.back().high;
    sizes[i + 1] = axis.input;
  }
  Value padded = padTensor(b, loc, dy, low, high, zeroOf(b, cast<RankedTensorType>(dy.getType()).getElementType()));
  Value result = gaps ? filledTensor(b, loc, sizes, zeroOf(b, element))
                      : tensor::EmptyOp::create(b, loc, sizes, element).getResult();
  for (int64_t combination = 0; combination < combinations; ++combination) {
    SmallVector<SpatialAxis> dense;
    SmallVector<OpFoldResult> from(rank + 2, index(0)), extents = dimSizes(b, loc, padded);
    SmallVector<OpFoldResult> taps(rank + 3, index(0)), tapCounts = dimSizes(b, loc, turned),
                                                        tapSteps(rank + 3, index(1));
    SmallVector<OpFoldResult> to(rank + 2, index(0)), counts = sizes, strides(rank + 2, index(1));
    int64_t number = combination;
    bool empty = false;
    for (int64_t i = 0; i < rank; ++i) {
      const Phase &phase = phases[i].all[number % phases[i].all.size()];
      number /= phases[i].all.size();
      empty |= phase.taps == 0;
      SpatialAxis axis = axes[i];
      axis.window = phase.taps;
      axis.stride = 1;
      axis.dilation = phase.dilation;
      axis.output = phase.count;
      dense.push_back(axis);
      from[i + 1] = index(phases[i].low + phase.from);
      extents[i + 1] = sizeExpr(b, loc, b.getAffineSymbolExpr(0) + axis.reach(), phase.count);
      taps[i] = index(phase.tap);
      tapCounts[i] = index(phase.taps);
      tapSteps[i] = index(phase.step);
      to[i + 1] = index(phase.first);
      counts[i + 1] = phase.count;
      strides[i + 1] = index(axes[i].stride);
    }
    if (empty)
      continue;
    Structured nest(b, loc);
    ConvLoops loops(nest, b, dense, sizes.front(), {groups, features, channels}, false);
    SmallVector<AffineExpr> kernelIndex = loops.window;
    AffineExpr feature = loops.input.back(), group = loops.result[rank + 1], channel = loops.result[rank + 2];
    if (isPoint)
      kernelIndex.append({channel, group, feature});
    else
      kernelIndex.append({group, feature, channel});
    Value seen = combinations == 1 ? padded : sliceTensor(b, loc, padded, from, extents);
    nest.in(splitLast(b, loc, seen, groups), loops.input);
    nest.in(tensor::ExtractSliceOp::create(b, loc, turned, taps, tapCounts, tapSteps), kernelIndex);
    nest.out(accumulator, loops.result, zeroOf(b, accumulator));
    Value part = castElements(b, loc, joinLast(b, loc, multiplyAdd(nest, accumulator)), element);
    if (combinations == 1)
      return part;
    result = tensor::InsertSliceOp::create(b, loc, part, result, to, counts, strides);
  }
  return result;
}

FailureOr<Value> lowerConvTranspose(ConvTransposeOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> kernelShape = cast<RankedTensorType>(op.getKernel().getType()).getShape();
  SmallVector<OpFoldResult> spatial = resolveShape(rewriter, loc, {}, op.getShape(), op.getDims());
  auto axes = spatialAxes(rewriter, loc, spatial, kernelShape.drop_back(2), op.getStrides(), op.getDilations(),
                          op.getPaddingAttr());
  for (auto [i, axis] : llvm::enumerate(axes))
    axis.output = dimSize(rewriter, loc, op.getInput(), i + 1);
  // Padding that is open or wider than the window's reach: the gradient of the padded input, cut to the input.
  bool cut = llvm::any_of(axes, [](const SpatialAxis &axis) {
    return ShapedType::isDynamic(staticSize(axis.low)) || staticSize(axis.low) > axis.reach() ||
           staticSize(axis.high) > axis.reach();
  });
  if (!cut)
    return convTranspose(rewriter, loc, op.getInput(), op.getKernel(), axes, op.getGroups());
  AffineExpr s0, s1, s2;
  bindSymbols(rewriter.getContext(), s0, s1, s2);
  SmallVector<SpatialAxis> unpadded = axes;
  for (SpatialAxis &axis : unpadded) {
    axis.input = sizeExpr(rewriter, loc, s0 + s1 + s2, {axis.low, axis.input, axis.high});
    axis.low = axis.high = rewriter.getIndexAttr(0);
  }
  Value whole = convTranspose(rewriter, loc, op.getInput(), op.getKernel(), unpadded, op.getGroups());
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, whole), offsets(sizes.size(), rewriter.getIndexAttr(0));
  for (auto [i, axis] : llvm::enumerate(axes)) {
    offsets[i + 1] = axis.low;
    sizes[i + 1] = axis.input;
  }
  return sliceTensor(rewriter, loc, whole, offsets, sizes);
}

FailureOr<Value> lowerConvKernelGrad(ConvKernelGradOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  int64_t rank = op.getKernelShape().size(), groups = op.getGroups();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, op.getInput());
  auto axes = spatialAxes(rewriter, loc, ArrayRef(sizes).slice(1, rank), op.getKernelShape(), op.getStrides(),
                          op.getDilations(), op.getPaddingAttr());
  Type element = op.getType().getElementType(), accumulator = accumulatorOf(element);
  Value padded = padSpatial(rewriter, loc, op.getInput(), axes, zeroOf(rewriter, element));
  for (auto [i, axis] : llvm::enumerate(axes))
    if (ShapedType::isDynamic(staticSize(axis.output)))
      axis.output = dimSize(rewriter, loc, op.getCotangent(), i + 1);
  int64_t channels = cast<RankedTensorType>(op.getInput().getType()).getDimSize(rank + 1) / groups;
  int64_t features = cast<RankedTensorType>(op.getCotangent().getType()).getDimSize(rank + 1) / groups;
  Structured nest(rewriter, loc);
  ConvLoops loops(nest, rewriter, axes, sizes[0], {groups, channels, features}, true);
  nest.in(splitLast(rewriter, loc, padded, groups), loops.input);
  nest.in(splitLast(rewriter, loc, op.getCotangent(), groups), loops.result);
  nest.out(accumulator, loops.kernel, zeroOf(rewriter, accumulator));
  Value sum = joinLast(rewriter, loc, multiplyAdd(nest, accumulator));
  return castElements(rewriter, loc, sum, element);
}

// What a window's place gets of its cotangent.
using PlaceBody = llvm::function_ref<Value(Scalar &, ValueRange, Value place)>;

// Cuts or pads with zeros, so that position `low` of a spatial axis comes first and `input` positions are there.
Value fitTo(OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes) {
  SmallVector<OpFoldResult> sizes = dimSizes(b, loc, x), offsets(sizes.size(), b.getIndexAttr(0)), high = offsets;
  AffineExpr s0, s1;
  bindSymbols(b.getContext(), s0, s1);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    unsigned dim = i + 1;
    offsets[dim] = axis.low;
    auto least = AffineMap::get(0, 3, {s0 - s1, b.getAffineSymbolExpr(2)}, b.getContext());
    sizes[dim] = affine::makeComposedFoldedAffineMin(b, loc, least, {sizes[dim], axis.low, axis.input});
    high[dim] = sizeExpr(b, loc, s0 - s1, {axis.input, sizes[dim]});
  }
  SmallVector<OpFoldResult> low(sizes.size(), b.getIndexAttr(0));
  Value cut = sliceTensor(b, loc, x, offsets, sizes);
  return padTensor(b, loc, cut, low, high, zeroOf(b, cast<RankedTensorType>(x.getType()).getElementType()));
}

// Windows that do not overlap: each position has at most one, [o * stride + k] is the pair (o, k), and the gradient is
// one elementwise computation over all pairs.
Value placeApart(OpBuilder &b, Location loc, ArrayRef<Value> perWindow, ArrayRef<SpatialAxis> axes, Type element,
                 PlaceBody body) {
  Structured nest(b, loc);
  SmallVector<AffineExpr> result, window, inner;
  result.push_back(nest.loop(dimSize(b, loc, perWindow[0], 0)));
  window.push_back(result.back());
  SmallVector<ReassociationIndices> association{{0}};
  SmallVector<int64_t> shape;
  AffineExpr s0 = b.getAffineSymbolExpr(0);
  for (const SpatialAxis &axis : axes) {
    int64_t at = result.size();
    window.push_back(nest.loop(axis.output));
    inner.push_back(nest.loop(b.getIndexAttr(axis.stride)));
    result.append({window.back(), inner.back()});
    association.push_back({at, at + 1});
    shape.push_back(staticSize(sizeExpr(b, loc, s0 * axis.stride, axis.output)));
  }
  association.push_back({static_cast<int64_t>(result.size())});
  result.push_back(nest.loop(dimSize(b, loc, perWindow[0], axes.size() + 1)));
  window.push_back(result.back());
  for (Value value : perWindow)
    nest.in(value, window);
  nest.out(element, result);
  Type i32 = b.getI32Type();
  Value pairs = nest.build([&](Structured::Region &r) {
                      Scalar &s = r.s;
                      Value place = s.constantInt(i32, 0), outside;
                      for (auto [axis, loop] : llvm::zip_equal(axes, inner)) {
                        Value along = s.cast(r.index(cast<AffineDimExpr>(loop).getPosition()), i32);
                        place = s.add(s.mul(place, s.constantInt(i32, axis.window)), along);
                        if (axis.stride > axis.window) {
                          Value beyond = s.compare(Predicate::Ge, along, s.constantInt(i32, axis.window));
                          outside = outside ? s.logicalOr(outside, beyond) : beyond;
                        }
                      }
                      Value value = body(s, r.in, place);
                      return SmallVector<Value>{outside ? s.select(outside, s.constantInt(element, 0), value) : value};
                    })
                    .front();
  auto pairType = cast<RankedTensorType>(pairs.getType());
  shape.insert(shape.begin(), pairType.getDimSize(0));
  shape.push_back(pairType.getDimSize(pairType.getRank() - 1));
  Value joined =
      b.createOrFold<tensor::CollapseShapeOp>(loc, RankedTensorType::get(shape, element), pairs, association);
  return fitTo(b, loc, joined, axes);
}

// Windows that overlap: for each place in the window, its share is added to the positions that it has in all windows.
Value placeOverlapping(OpBuilder &b, Location loc, ArrayRef<Value> perWindow, ArrayRef<SpatialAxis> axes, Type element,
                       PlaceBody body) {
  SmallVector<OpFoldResult> windows = dimSizes(b, loc, perWindow[0]), sizes = windows;
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  int64_t places = 1;
  AffineExpr s0 = b.getAffineSymbolExpr(0);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    sizes[i + 1] = sizeExpr(b, loc, s0 * axis.stride + axis.window, windows[i + 1]);
    strides[i + 1] = b.getIndexAttr(axis.stride);
    places *= axis.window;
  }
  auto partType = RankedTensorType::get(llvm::map_to_vector(windows, staticSize), element);
  Value zeros = filledTensor(b, loc, sizes, zeroOf(b, element));
  Value sums =
      loopOver(b, loc, b.getIndexAttr(places), zeros, [&](OpBuilder &b, Value iv, ValueRange carried) {
        SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
        int64_t below = places;
        for (auto [i, axis] : llvm::enumerate(axes)) {
          below /= axis.window;
          offsets[i + 1] = sizeExpr(b, loc, s0.floorDiv(below) % axis.window, OpFoldResult(iv));
        }
        Value place = Scalar(b, loc).cast(iv, b.getI32Type());
        Value part = tensor::ExtractSliceOp::create(b, loc, carried[0], offsets, windows, strides);
        SmallVector<Value> operands{part};
        operands.append(perWindow.begin(), perWindow.end());
        auto scalarType = RankedTensorType::get({}, place.getType());
        operands.push_back(tensor::FromElementsOp::create(b, loc, scalarType, place));
        Value sum = pointwise(b, loc, partType, operands, [&](Scalar &s, ValueRange x) {
          return s.add(x[0], body(s, x.drop_front().drop_back(), x.back()));
        });
        return SmallVector<Value>{tensor::InsertSliceOp::create(b, loc, sum, carried[0], offsets, windows, strides)};
      }).front();
  return fitTo(b, loc, sums, axes);
}

Value placeWindows(OpBuilder &b, Location loc, ArrayRef<Value> perWindow, ArrayRef<SpatialAxis> axes, Type element,
                   PlaceBody body) {
  bool apart = llvm::all_of(axes, [](const SpatialAxis &axis) { return axis.stride >= axis.window; });
  return apart ? placeApart(b, loc, perWindow, axes, element, body)
               : placeOverlapping(b, loc, perWindow, axes, element, body);
}

FailureOr<Value> lowerMaxPoolGrad(MaxPoolGradOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  Type element = op.getType().getElementType();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, x);
  auto axes = spatialAxes(rewriter, loc, ArrayRef(sizes).drop_front().drop_back(), op.getWindow(), op.getStrides(), {},
                          op.getPaddingAttr());
  Value first = firstMaximum(rewriter, loc, x, maxPool(rewriter, loc, x, axes), axes);
  return placeWindows(rewriter, loc, {first, op.getCotangent()}, axes, element,
                      [&](Scalar &s, ValueRange v, Value place) {
                        return s.select(s.compare(Predicate::Eq, v[0], place), v[1], s.constantInt(element, 0));
                      });
}

FailureOr<Value> lowerAvgPoolGrad(AvgPoolGradOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> spatial = resolveShape(rewriter, loc, {}, op.getShape(), op.getDims());
  auto axes = spatialAxes(rewriter, loc, spatial, op.getWindow(), op.getStrides(), {}, op.getPaddingAttr());
  for (auto [i, axis] : llvm::enumerate(axes))
    if (ShapedType::isDynamic(staticSize(axis.output)))
      axis.output = dimSize(rewriter, loc, op.getCotangent(), i + 1);
  Value share = divideByCount(rewriter, loc, op.getCotangent(), axes);
  return placeWindows(rewriter, loc, share, axes, op.getType().getElementType(),
                      [](Scalar &, ValueRange v, Value) { return v[0]; });
}

} // namespace

void populateWindowGradientPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<ConvTransposeOp>>(context, lowerConvTranspose);
  patterns.add<Lower<ConvKernelGradOp>>(context, lowerConvKernelGrad);
  patterns.add<Lower<MaxPoolGradOp>>(context, lowerMaxPoolGrad);
  patterns.add<Lower<AvgPoolGradOp>>(context, lowerAvgPoolGrad);
}

} // namespace mlir::lamina
