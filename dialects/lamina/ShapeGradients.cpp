#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace mlir::lamina {

namespace {

constexpr int64_t kEnd = ShapedType::kDynamic;

/// A slice of one axis; the others stay whole.
Term sliceAxis(GradientBuilder &b, Term x, int64_t axis, int64_t start, int64_t limit) {
  SmallVector<int64_t> starts(x.getRank(), 0), limits(x.getRank(), kEnd), strides(x.getRank(), 1);
  starts[axis] = start;
  limits[axis] = limit;
  Builder &builder = b.getBuilder();
  return b.create<SliceOp>(x, builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(limits),
                           builder.getDenseI64ArrayAttr(strides));
}

Term padAxis(GradientBuilder &b, Term x, int64_t axis, int64_t low, int64_t high) {
  if (low == 0 && high == 0)
    return x;
  SmallVector<int64_t> lows(x.getRank(), 0), highs(x.getRank(), 0);
  lows[axis] = low;
  highs[axis] = high;
  Builder &builder = b.getBuilder();
  return b.create<PadOp>(x, builder.getDenseI64ArrayAttr(lows), builder.getDenseI64ArrayAttr(highs),
                         builder.getF64FloatAttr(0.0));
}

Term join(GradientBuilder &b, ValueRange parts, int64_t axis) {
  if (parts.size() == 1)
    return {b, parts.front()};
  return b.create<ConcatenateOp>(parts, b.getBuilder().getI64IntegerAttr(axis));
}

/// i32 indices `first`, `first` + stride, … , one for each element of `rows` along `axis`. `first` may be null for 0.
Term indicesAlong(GradientBuilder &b, Value rows, int64_t axis, Value first, int64_t stride) {
  Builder &builder = b.getBuilder();
  auto type = cast<RankedTensorType>(rows.getType());
  SmallVector<Value> dims;
  if (type.isDynamicDim(axis))
    dims.push_back(b.dim(rows, axis));
  Term indices = b.create<IotaOp>(dims, builder.getDenseI64ArrayAttr(type.getDimSize(axis)),
                                  builder.getI64IntegerAttr(0), TypeAttr::get(builder.getI32Type()));
  if (stride != 1)
    indices = indices * static_cast<double>(stride);
  return first ? indices + Term(b, first) : indices;
}

/// The size of an axis as a tensor<i32>.
Term sizeOfAxis(GradientBuilder &b, Value x, int64_t axis) {
  return b.create<CastOp>(b.create<SizeOp>(x, b.getBuilder().getDenseI64ArrayAttr(axis)),
                          TypeAttr::get(b.getBuilder().getI32Type()));
}

/// Swaps an axis with the first; its own inverse.
Term exchangeWithFirst(GradientBuilder &b, Term x, int64_t axis) {
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  std::swap(permutation[0], permutation[axis]);
  return b.transpose(x, permutation);
}

/// Undoes a slice of one axis: `g` at the places that were taken from `x`, 0 elsewhere. The other axes of `x` do not
/// count.
Term unslice(GradientBuilder &b, Term g, Term x, int64_t axis, int64_t start, int64_t limit, int64_t stride) {
  int64_t size = x.getType().getDimSize(axis), taken = g.getType().getDimSize(axis);
  bool open = ShapedType::isDynamic(size);
  if (!open) {
    int64_t first = std::clamp<int64_t>(start < 0 ? start + size : start, 0, size);
    if (taken == 0)
      return padAxis(b, g, axis, 0, size);
    if (stride > 1) {
      // Zeros between the elements: [… n …] → [… n, 1 …] → [… n, stride …] → [… n · stride …], less the last zeros.
      SmallVector<int64_t> apart, merged;
      for (int64_t i : llvm::seq(g.getRank())) {
        int64_t kept = g.getType().isDynamicDim(i) ? -2 - i : g.getType().getDimSize(i);
        apart.push_back(kept);
        merged.push_back(i == axis ? taken * stride : kept < -1 && i > axis ? kept - 1 : kept);
        if (i == axis)
          apart.push_back(1);
      }
      Builder &builder = b.getBuilder();
      g = b.create<ReshapeOp>(g, ValueRange(), builder.getDenseI64ArrayAttr(apart));
      g = padAxis(b, g, axis + 1, 0, stride - 1);
      g = b.create<ReshapeOp>(g, ValueRange(), builder.getDenseI64ArrayAttr(merged));
      g = sliceAxis(b, g, axis, 0, (taken - 1) * stride + 1);
      taken = (taken - 1) * stride + 1;
    }
    return padAxis(b, g, axis, first, size - first - taken);
  }
  if (stride > 1) {
    Term rows = exchangeWithFirst(b, g, axis), table = exchangeWithFirst(b, x, axis);
    Value first;
    if (start < 0)
      first = sizeOfAxis(b, x, axis) + static_cast<double>(start);
    else if (start > 0)
      first = b.constant(b.getBuilder().getI32Type(), start);
    // Axes other than this one are already as long as those of x only in g.
    SmallVector<Value> dims;
    SmallVector<int64_t> shape;
    for (int64_t i : llvm::seq(rows.getRank())) {
      Term from = i == 0 ? table : rows;
      shape.push_back(from.getType().getDimSize(i));
      if (from.getType().isDynamicDim(i))
        dims.push_back(b.dim(from, i));
    }
    Term zeros = b.create<BroadcastToOp>(b.constant(g.getType().getElementType(), 0.0), dims,
                                         b.getBuilder().getDenseI64ArrayAttr(shape));
    Term scattered = b.create<ScatterAddOp>(zeros, indicesAlong(b, rows, 0, first, stride), rows);
    return exchangeWithFirst(b, scattered, axis);
  }
  bool paddable = start >= 0 && (limit == kEnd || limit < 0);
  if (paddable)
    return padAxis(b, g, axis, start, limit == kEnd ? 0 : -limit);
  // Zeros as long as what the slice left out before and after.
  SmallVector<Value> parts;
  auto addZeros = [&](int64_t from, int64_t to) {
    Term left = sliceAxis(b, x, axis, from, to);
    SmallVector<Value> dims;
    SmallVector<int64_t> shape;
    for (int64_t i : llvm::seq(g.getRank())) {
      Term source = i == axis ? left : g;
      shape.push_back(source.getType().getDimSize(i));
      if (source.getType().isDynamicDim(i))
        dims.push_back(b.dim(source, i));
    }
    parts.push_back(b.create<BroadcastToOp>(b.constant(g.getType().getElementType(), 0.0), dims,
                                            b.getBuilder().getDenseI64ArrayAttr(shape)));
  };
  if (start != 0)
    addZeros(0, start);
  parts.push_back(g);
  if (limit != kEnd)
    addZeros(limit, kEnd);
  return join(b, parts, axis);
}

} // namespace

void ReshapeOp::buildGradient(GradientBuilder &b) {
  auto x = getInput().getType();
  ArrayRef<int64_t> forward = getShape();
  // dx = g in the shape of x. An axis that the forward reshape passed on is taken back from g.
  SmallVector<int64_t> shape;
  SmallVector<Value> dims;
  for (int64_t axis : llvm::seq(x.getRank())) {
    const auto *passedOn = llvm::find(forward, -2 - axis);
    if (!x.isDynamicDim(axis)) {
      shape.push_back(x.getDimSize(axis));
    } else if (passedOn != forward.end()) {
      shape.push_back(-2 - (passedOn - forward.begin()));
    } else {
      shape.push_back(ShapedType::kDynamic);
      dims.push_back(b.dim(getInput(), axis));
    }
  }
  b.propagate(getInput(), b.create<ReshapeOp>(b.cotangent(), dims, b.getBuilder().getDenseI64ArrayAttr(shape)));
}

void BroadcastToOp::buildGradient(GradientBuilder &b) {
  // dx = Σ g over the axes that were stretched
  b.propagate(getInput(), b.cotangent());
}

void TransposeOp::buildGradient(GradientBuilder &b) {
  // dx = g with its axes back in order
  b.propagate(getInput(),
              b.transpose(b.cotangent(),
                          invertPermutationVector(normalizeAxes(getPermutation(), getInput().getType().getRank()))));
}

void ConcatenateOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent();
  int64_t axis = normalizeAxes(getAxis(), g.getRank()).front(), open = 0;
  for (Value x : getInputs())
    open += cast<RankedTensorType>(x.getType()).isDynamicDim(axis);
  int64_t offset = 0, remaining = 0, seen = 0;
  for (Value x : getInputs())
    if (auto type = cast<RankedTensorType>(x.getType()); !type.isDynamicDim(axis))
      remaining += type.getDimSize(axis);
  Term offsetSoFar;
  // dxᵢ = the slice of g that xᵢ became
  for (Value x : getInputs()) {
    auto type = cast<RankedTensorType>(x.getType());
    int64_t size = type.getDimSize(axis);
    bool isOpen = type.isDynamicDim(axis);
    if (open > 1) {
      // Offsets are known at run time only: take the rows one by one.
      if (b.wanted(x)) {
        Term rows = exchangeWithFirst(b, g, axis);
        Term taken = b.create<GatherOp>(rows, indicesAlong(b, x, axis, offsetSoFar, 1));
        b.propagate(x, exchangeWithFirst(b, taken, axis));
      }
      Term length = isOpen ? sizeOfAxis(b, x, axis) : b.constant(b.getBuilder().getI32Type(), size);
      offsetSoFar = offsetSoFar ? offsetSoFar + length : length;
      continue;
    }
    // Behind the only open part, places are counted from the end.
    if (!isOpen)
      remaining -= size;
    int64_t start = seen == 0 ? offset : -(remaining + size);
    int64_t limit = seen + isOpen == 0 ? offset + size : remaining == 0 ? kEnd : -remaining;
    if (isOpen)
      start = offset;
    if (b.wanted(x))
      b.propagate(x, sliceAxis(b, g, axis, start, limit));
    if (isOpen)
      ++seen;
    else
      offset += size;
  }
}

void SliceOp::buildGradient(GradientBuilder &b) {
  Term x = b.operand(0), g = b.cotangent();
  // dx = g at the places of x that were taken, 0 elsewhere
  for (int64_t axis : llvm::seq(x.getRank())) {
    int64_t start = getStarts()[axis], limit = getLimits()[axis], stride = getStrides()[axis];
    if (start != 0 || limit != kEnd || stride != 1)
      g = unslice(b, g, x, axis, start, limit, stride);
  }
  b.propagate(x, g);
}

void PadOp::buildGradient(GradientBuilder &b) {
  SmallVector<int64_t> limits, strides(getLow().size(), 1);
  for (int64_t high : getHigh())
    limits.push_back(high == 0 ? kEnd : -high);
  // dx = g without the padding
  b.propagate(getInput(), b.create<SliceOp>(b.cotangent(), getLowAttr(), b.getBuilder().getDenseI64ArrayAttr(limits),
                                            b.getBuilder().getDenseI64ArrayAttr(strides)));
}

void ReverseOp::buildGradient(GradientBuilder &b) {
  // dx = g turned around
  b.propagate(getInput(), b.create<ReverseOp>(b.cotangent(), getAxesAttr()));
}

void GatherOp::buildGradient(GradientBuilder &b) {
  // d table = 0, plus row j of g at row indices[j]
  b.propagate(getTable(), b.create<ScatterAddOp>(b.zeros(getTable()), getIndices(), b.cotangent()));
}

void ScatterAddOp::buildGradient(GradientBuilder &b) {
  // d init = g
  b.propagate(getInit(), b.cotangent());
  // d updates[j] = g[indices[j]]
  if (b.wanted(getUpdates()))
    b.propagate(getUpdates(), b.create<GatherOp>(b.cotangent(), getIndices()));
}

} // namespace mlir::lamina
