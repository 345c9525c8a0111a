#include "WindowShape.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

OpFoldResult largerSize(OpBuilder &b, Location loc, AffineExpr first, AffineExpr second,
                        ArrayRef<OpFoldResult> symbols) {
  auto map = AffineMap::get(0, symbols.size(), {first, second}, b.getContext());
  return affine::makeComposedFoldedAffineMax(b, loc, map, symbols);
}

namespace {

// Keras's "same": the result has ceil(input / stride) positions, the odd element of padding lies behind.
void padSame(OpBuilder &b, Location loc, SpatialAxis &axis) {
  AffineExpr s0 = b.getAffineSymbolExpr(0), s1 = b.getAffineSymbolExpr(1);
  axis.output = sizeExpr(b, loc, s0.ceilDiv(axis.stride), axis.input);
  OpFoldResult total = axis.stride == 1 ? OpFoldResult(b.getIndexAttr(axis.reach()))
                                        : largerSize(b, loc, (s0 - 1) * axis.stride + axis.reach() + 1 - s1,
                                                     b.getAffineConstantExpr(0), {axis.output, axis.input});
  axis.low = sizeExpr(b, loc, s0.floorDiv(2), total);
  axis.high = sizeExpr(b, loc, s0 - s0.floorDiv(2), total);
}

} // namespace

SmallVector<SpatialAxis> spatialAxes(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> spatial,
                                     ArrayRef<int64_t> window, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                                     Attribute padding) {
  SmallVector<SpatialAxis> axes;
  auto pairs = dyn_cast<DenseI64ArrayAttr>(padding);
  bool same = !pairs && cast<StringAttr>(padding).getValue() == "same";
  AffineExpr s0 = b.getAffineSymbolExpr(0);
  for (unsigned i = 0; i < spatial.size(); ++i) {
    SpatialAxis axis{window[i],
                     strides.empty() ? 1 : strides[i],
                     dilations.empty() ? 1 : dilations[i],
                     spatial[i],
                     {},
                     b.getIndexAttr(0),
                     b.getIndexAttr(0)};
    if (same) {
      padSame(b, loc, axis);
    } else {
      int64_t low = pairs ? pairs[2 * i] : 0, high = pairs ? pairs[2 * i + 1] : 0;
      axis.low = b.getIndexAttr(low);
      axis.high = b.getIndexAttr(high);
      axis.output = largerSize(b, loc, (s0 + (low + high - axis.reach() - 1)).floorDiv(axis.stride) + 1,
                               b.getAffineConstantExpr(0), axis.input);
    }
    axes.push_back(axis);
  }
  return axes;
}

Value padTensor(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high,
                TypedAttr value) {
  auto isZero = [](OpFoldResult size) { return staticSize(size) == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  SmallVector<int64_t> shape;
  AffineExpr s0, s1, s2;
  bindSymbols(b.getContext(), s0, s1, s2);
  for (unsigned dim = 0; dim < low.size(); ++dim) {
    OpFoldResult size = dimSize(b, loc, x, dim);
    if (!isZero(low[dim]) || !isZero(high[dim]))
      size = sizeExpr(b, loc, s0 + s1 + s2, {low[dim], size, high[dim]});
    shape.push_back(staticSize(size));
  }
  auto type = RankedTensorType::get(shape, value.getType());
  Value scalar = arith::ConstantOp::create(b, loc, value);
  return tensor::PadOp::create(b, loc, type, x, low, high, scalar);
}

Value padSpatial(OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes, TypedAttr value) {
  SmallVector<OpFoldResult> low{b.getIndexAttr(0)}, high{b.getIndexAttr(0)};
  for (const SpatialAxis &axis : axes) {
    low.push_back(axis.low);
    high.push_back(axis.high);
  }
  low.push_back(b.getIndexAttr(0));
  high.push_back(b.getIndexAttr(0));
  return padTensor(b, loc, x, low, high, value);
}

Value sliceTensor(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(x.getType());
  bool whole = llvm::all_of(offsets, [](OpFoldResult offset) { return staticSize(offset) == 0; });
  for (unsigned dim = 0; whole && dim < sizes.size(); ++dim)
    whole = dimSize(b, loc, x, dim) == sizes[dim] ||
            (!type.isDynamicDim(dim) && type.getDimSize(dim) == staticSize(sizes[dim]));
  if (whole)
    return x;
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, loc, x, offsets, sizes, strides);
}

Value splitLast(OpBuilder &b, Location loc, Value x, int64_t groups) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t last = type.getRank() - 1, size = type.getDimSize(last);
  SmallVector<int64_t> shape(type.getShape().drop_back());
  shape.append({groups, size / groups});
  SmallVector<ReassociationIndices> association;
  for (int64_t dim = 0; dim < last; ++dim)
    association.push_back({dim});
  association.push_back({last, last + 1});
  SmallVector<OpFoldResult> sizes = dimSizes(b, loc, x);
  sizes.back() = b.getIndexAttr(groups);
  sizes.push_back(b.getIndexAttr(size / groups));
  return b.createOrFold<tensor::ExpandShapeOp>(loc, RankedTensorType::get(shape, type.getElementType()), x, association,
                                               sizes);
}

Value joinLast(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t last = type.getRank() - 1;
  SmallVector<int64_t> shape(type.getShape().drop_back(2));
  shape.push_back(type.getDimSize(last - 1) * type.getDimSize(last));
  SmallVector<ReassociationIndices> association;
  for (int64_t dim = 0; dim < last - 1; ++dim)
    association.push_back({dim});
  association.push_back({last - 1, last});
  return b.createOrFold<tensor::CollapseShapeOp>(loc, RankedTensorType::get(shape, type.getElementType()), x,
                                                 association);
}

// How many of a window's places lie on the tensor, for each position along the axis.
static Value countAlong(OpBuilder &b, Location loc, const SpatialAxis &axis, Type element) {
  int64_t input = staticSize(axis.input), output = staticSize(axis.output), low = staticSize(axis.low);
  auto countAt = [&](int64_t position) {
    int64_t begin = position * axis.stride - low, count = 0;
    for (int64_t place = 0; place < axis.window; ++place) {
      int64_t at = begin + place * axis.dilation;
      count += at >= 0 && at < input;
    }
    return static_cast<double>(std::max<int64_t>(count, 1));
  };
  if (!ShapedType::isDynamic(input) && !ShapedType::isDynamic(low)) {
    SmallVector<Attribute> counts;
    for (int64_t position = 0; position < output; ++position)
      counts.push_back(b.getFloatAttr(element, countAt(position)));
    auto type = RankedTensorType::get({output}, element);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, counts));
  }
  Structured nest(b, loc);
  AffineExpr o = nest.loop(axis.output);
  nest.out(element, o);
  return nest
      .build([&](Structured::Region &r) {
        Scalar &s = r.s;
        Type index = s.builder().getIndexType();
        auto at = [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(s.builder(), loc, size); };
        Value zero = s.constantInt(index, 0);
        Value begin = s.sub(s.mul(r.index(0), s.constantInt(index, axis.stride)), at(axis.low));
        Value end = s.minimum(s.add(begin, s.constantInt(index, axis.window)), at(axis.input));
        Value count = s.maximum(s.sub(end, s.maximum(begin, zero)), s.constantInt(index, 1));
        return SmallVector<Value>{s.cast(count, element)};
      })
      .front();
}

Value divideByCount(OpBuilder &b, Location loc, Value dy, ArrayRef<SpatialAxis> axes) {
  auto type = cast<RankedTensorType>(dy.getType());
  Structured nest(b, loc);
  SmallVector<AffineExpr> loops;
  for (OpFoldResult size : dimSizes(b, loc, dy))
    loops.push_back(nest.loop(size));
  nest.in(dy, loops);
  double known = 1;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (axis.isPadded())
      nest.in(countAlong(b, loc, axis, type.getElementType()), loops[i + 1]);
    else
      known *= static_cast<double>(axis.window);
  }
  nest.out(type.getElementType(), loops);
  return nest
      .build([&](Structured::Region &r) {
        Value count;
        for (Value along : llvm::drop_begin(r.in))
          count = count ? r.s.mul(count, along) : along;
        if (!count || known != 1) {
          Value inner = r.s.constant(type.getElementType(), known);
          count = count ? r.s.mul(count, inner) : inner;
        }
        return SmallVector<Value>{r.s.div(r.in[0], count)};
      })
      .front();
}

} // namespace mlir::lamina
