#include "WindowShape.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

TypedAttr zeroOf(OpBuilder &b, Type type) { return cast<TypedAttr>(b.getZeroAttr(type)); }

// The window's places last place first, and, to have `channelsLast`, [channel, group, feature] as [group, feature,
// channel]: what the input's gradient reads in order.
Value turnKernel(OpBuilder &b, Location loc, Value kernel, int64_t rank, bool channelsLast) {
  auto type = cast<RankedTensorType>(kernel.getType());
  ArrayRef<int64_t> shape = type.getShape();
  int64_t places = ShapedType::getNumElements(shape.take_front(rank));
  SmallVector<ReassociationIndices> flat{llvm::to_vector(llvm::seq<int64_t>(0, rank)), {rank}, {rank + 1}, {rank + 2}};
  SmallVector<int64_t> flatShape{places, shape[rank], shape[rank + 1], shape[rank + 2]}, turnedShape = flatShape;
  if (channelsLast)
    turnedShape = {places, shape[rank + 1], shape[rank + 2], shape[rank]};
  auto flatType = RankedTensorType::get(flatShape, type.getElementType());
  Value source = b.createOrFold<tensor::CollapseShapeOp>(loc, flatType, kernel, flat);
  auto index = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };
  auto onePlace = [&](ArrayRef<int64_t> shape) {
    auto sizes = llvm::map_to_vector(shape, index);
    sizes[0] = index(1);
    return sizes;
  };
  Value empty = tensor::EmptyOp::create(b, loc, turnedShape, type.getElementType());
  SmallVector<OpFoldResult> strides(4, index(1)), from(4, index(0)), to = from;
  Value result = loopOver(b, loc, index(places), empty, [&](OpBuilder &b, Value iv, ValueRange carried) {
                   from[0] = sizeExpr(b, loc, places - 1 - b.getAffineSymbolExpr(0), OpFoldResult(iv));
                   to[0] = iv;
                   Value slice = tensor::ExtractSliceOp::create(b, loc, source, from, onePlace(flatShape), strides);
                   Structured nest(b, loc);
                   AffineExpr one = nest.loop(index(1)), g = nest.loop(index(shape[rank + 1])),
                              f = nest.loop(index(shape[rank + 2])), c = nest.loop(index(shape[rank]));
                   nest.in(slice, {one, c, g, f});
                   if (channelsLast)
                     nest.out(type.getElementType(), {one, g, f, c});
                   else
                     nest.out(type.getElementType(), {one, c, g, f});
                   Value turned = nest.build([](Structured::Region &r) { return SmallVector<Value>{r.in[0]}; }).front();
                   return SmallVector<Value>{
                       tensor::InsertSliceOp::create(b, loc, turned, carried[0], to, onePlace(turnedShape), strides)};
                 }).front();
  SmallVector<int64_t> whole(shape.take_front(rank));
  llvm::append_range(whole, ArrayRef(turnedShape).drop_front());
  return b.createOrFold<tensor::ExpandShapeOp>(loc, RankedTensorType::get(whole, type.getElementType()), result, flat,
                                               llvm::map_to_vector(whole, index));
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

// Puts dx together from its phases. `part` computes one combination of the axes' phases, of at least one tap each, from
// what it sees of the inputs, which lie around dy's positions, as a window of stride 1 over the axes that it is given.
using PartBody = llvm::function_ref<Value(ArrayRef<Value> seen, ArrayRef<SpatialAxis> axes, ArrayRef<Phase> phases)>;
Value byPhases(OpBuilder &b, Location loc, ArrayRef<Value> inputs, ArrayRef<TypedAttr> padding,
               ArrayRef<SpatialAxis> axes, OpFoldResult channels, Type element, PartBody part) {
  int64_t rank = axes.size();
  auto index = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };
  SmallVector<Phases> phases;
  SmallVector<OpFoldResult> sizes = dimSizes(b, loc, inputs[0]), low(rank + 2, index(0)), high = low;
  sizes.back() = channels;
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
  SmallVector<Value> padded;
  for (auto [input, value] : llvm::zip_equal(inputs, padding))
    padded.push_back(padTensor(b, loc, input, low, high, value));
  Value result = gaps ? filledTensor(b, loc, sizes, zeroOf(b, element))
                      : tensor::EmptyOp::create(b, loc, sizes, element).getResult();
  for (int64_t combination = 0; combination < combinations; ++combination) {
    SmallVector<SpatialAxis> dense;
    SmallVector<Phase> chosen;
    SmallVector<OpFoldResult> from(rank + 2, index(0)), extents, to(rank + 2, index(0)), counts = sizes,
                                                                                         strides(rank + 2, index(1));
    int64_t number = combination;
    for (int64_t i = 0; i < rank; ++i) {
      const Phase &phase = phases[i].all[number % phases[i].all.size()];
      number /= phases[i].all.size();
      SpatialAxis axis = axes[i];
      axis.window = phase.taps;
      axis.stride = 1;
      axis.dilation = phase.dilation;
      axis.output = phase.count;
      dense.push_back(axis);
      chosen.push_back(phase);
      from[i + 1] = index(phases[i].low + phase.from);
      to[i + 1] = index(phase.first);
      counts[i + 1] = phase.count;
      strides[i + 1] = index(axes[i].stride);
    }
    if (llvm::any_of(chosen, [](const Phase &phase) { return phase.taps == 0; }))
      continue;
    SmallVector<Value> seen = padded;
    if (combinations > 1)
      for (Value &input : seen) {
        extents = dimSizes(b, loc, input);
        for (auto [i, axis] : llvm::enumerate(dense))
          extents[i + 1] = sizeExpr(b, loc, b.getAffineSymbolExpr(0) + axis.reach(), axis.output);
        input = sliceTensor(b, loc, input, from, extents);
      }
    Value computed = part(seen, dense, chosen);
    if (combinations == 1)
      return computed;
    result = tensor::InsertSliceOp::create(b, loc, computed, result, to, counts, strides);
  }
  return result;
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
  // Channels fill vectors, or, where they are too few for that, the features that are summed do.
  bool channelsLast = !isPoint && (channels >= 8 || features < 16);
  Value turned = isPoint ? split : turnKernel(b, loc, split, rank, channelsLast);
  auto index = [&](int64_t value) { return OpFoldResult(b.getIndexAttr(value)); };
  auto part = [&](ArrayRef<Value> seen, ArrayRef<SpatialAxis> dense, ArrayRef<Phase> phases) {
    SmallVector<OpFoldResult> taps(rank + 3, index(0)), tapCounts = dimSizes(b, loc, turned),
                                                        tapSteps(rank + 3, index(1));
    for (auto [i, phase] : llvm::enumerate(phases)) {
      taps[i] = index(phase.tap);
      tapCounts[i] = index(phase.taps);
      tapSteps[i] = index(phase.step);
    }
    Structured nest(b, loc);
    ConvLoops loops(nest, b, dense, dimSize(b, loc, dy, 0), {groups, features, channels}, false);
    SmallVector<AffineExpr> kernelIndex = loops.window;
    AffineExpr feature = loops.input.back(), group = loops.result[rank + 1], channel = loops.result[rank + 2];
    if (channelsLast)
      kernelIndex.append({group, feature, channel});
    else
      kernelIndex.append({channel, group, feature});
    nest.in(splitLast(b, loc, seen[0], groups), loops.input);
    nest.in(tensor::ExtractSliceOp::create(b, loc, turned, taps, tapCounts, tapSteps), kernelIndex);
    nest.out(accumulator, loops.result, zeroOf(b, accumulator));
    return castElements(b, loc, joinLast(b, loc, multiplyAdd(nest, accumulator)), element);
  };
  TypedAttr zero = zeroOf(b, cast<RankedTensorType>(dy.getType()).getElementType());
  return byPhases(b, loc, dy, zero, axes, index(channels * groups), element, part);
}

// The axes of the padded input, as one without padding.
SmallVector<SpatialAxis> withPaddingInside(OpBuilder &b, Location loc, ArrayRef<SpatialAxis> axes) {
  AffineExpr s0, s1, s2;
  bindSymbols(b.getContext(), s0, s1, s2);
  SmallVector<SpatialAxis> whole(axes);
  for (SpatialAxis &axis : whole) {
    axis.input = sizeExpr(b, loc, s0 + s1 + s2, {axis.low, axis.input, axis.high});
    axis.low = axis.high = b.getIndexAttr(0);
  }
  return whole;
}

Value cutPadding(OpBuilder &b, Location loc, Value whole, ArrayRef<SpatialAxis> axes) {
  SmallVector<OpFoldResult> sizes = dimSizes(b, loc, whole), offsets(sizes.size(), b.getIndexAttr(0));
  for (auto [i, axis] : llvm::enumerate(axes)) {
    offsets[i + 1] = axis.low;
    sizes[i + 1] = axis.input;
  }
  return sliceTensor(b, loc, whole, offsets, sizes);
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
  Value whole = convTranspose(rewriter, loc, op.getInput(), op.getKernel(), withPaddingInside(rewriter, loc, axes),
                              op.getGroups());
  return cutPadding(rewriter, loc, whole, axes);
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

// Windows that overlap: each position adds up its shares of all windows that it lies in, which are those around dy's
// position for its phase. `padding` stands for windows that are not there.
Value placeOverlapping(OpBuilder &b, Location loc, ArrayRef<Value> perWindow, ArrayRef<TypedAttr> padding,
                       ArrayRef<SpatialAxis> axes, Type element, PlaceBody body) {
  Type i32 = b.getI32Type(), accumulator = accumulatorOf(element);
  auto part = [&](ArrayRef<Value> seen, ArrayRef<SpatialAxis> dense, ArrayRef<Phase> phases) {
    Structured nest(b, loc);
    WindowLoops loops(nest, b, loc, seen[0], dense);
    for (Value value : seen)
      nest.in(value, loops.input);
    nest.shapeOnly(loops.window);
    nest.out(accumulator, loops.result, zeroOf(b, accumulator));
    Value sum = nest.build([&](Structured::Region &r) {
                      Scalar &s = r.s;
                      Value place = s.constantInt(i32, 0);
                      for (auto [axis, phase, loop] : llvm::zip_equal(axes, phases, loops.window)) {
                        Value tap = s.cast(r.index(cast<AffineDimExpr>(loop).getPosition()), i32);
                        Value along = s.sub(s.constantInt(i32, axis.window - 1 - phase.tap),
                                            s.mul(tap, s.constantInt(i32, phase.step)));
                        place = s.add(s.mul(place, s.constantInt(i32, axis.window)), along);
                      }
                      return SmallVector<Value>{s.add(r.out[0], s.cast(body(s, r.in, place), accumulator))};
                    })
                    .front();
    return castElements(b, loc, sum, element);
  };
  auto compute = [&](ArrayRef<SpatialAxis> axes) {
    return byPhases(b, loc, perWindow, padding, axes, dimSize(b, loc, perWindow[0], axes.size() + 1), element, part);
  };
  bool open = llvm::any_of(axes, [](auto &axis) { return ShapedType::isDynamic(staticSize(axis.low)); });
  return open ? cutPadding(b, loc, compute(withPaddingInside(b, loc, axes)), axes) : compute(axes);
}

Value placeWindows(OpBuilder &b, Location loc, ArrayRef<Value> perWindow, ArrayRef<TypedAttr> padding,
                   ArrayRef<SpatialAxis> axes, Type element, PlaceBody body) {
  bool apart = llvm::all_of(axes, [](const SpatialAxis &axis) { return axis.stride >= axis.window; });
  return apart ? placeApart(b, loc, perWindow, axes, element, body)
               : placeOverlapping(b, loc, perWindow, padding, axes, element, body);
}

FailureOr<Value> lowerMaxPoolGrad(MaxPoolGradOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  Type element = op.getType().getElementType();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, x);
  auto axes = spatialAxes(rewriter, loc, ArrayRef(sizes).drop_front().drop_back(), op.getWindow(), op.getStrides(), {},
                          op.getPaddingAttr());
  Value first = firstMaximum(rewriter, loc, x, maxPool(rewriter, loc, x, axes), axes);
  TypedAttr nowhere = rewriter.getI32IntegerAttr(-1);
  return placeWindows(rewriter, loc, {first, op.getCotangent()}, {nowhere, zeroOf(rewriter, element)}, axes, element,
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
  Type element = op.getType().getElementType();
  return placeWindows(rewriter, loc, share, zeroOf(rewriter, element), axes, element,
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
