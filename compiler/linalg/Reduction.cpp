#include <limits>

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

TypedAttr identityOf(OpBuilder &b, Combine kind, Type type) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (auto floatType = dyn_cast<FloatType>(type)) {
    double value = kind == Combine::Prod                             ? 1.0
                   : kind == Combine::Max || kind == Combine::MaxNum ? -infinity
                   : kind == Combine::Min                            ? infinity
                                                                     : 0.0;
    return b.getFloatAttr(floatType, value);
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  APInt value = APInt::getZero(bits);
  switch (kind) {
  case Combine::Sum:
  case Combine::Any: break;
  case Combine::Prod: value = APInt(bits, 1); break;
  case Combine::Max:
  case Combine::MaxNum: value = bits == 1 ? value : APInt::getSignedMinValue(bits); break;
  case Combine::Min: value = bits == 1 ? APInt::getAllOnes(1) : APInt::getSignedMaxValue(bits); break;
  case Combine::All: value = APInt::getAllOnes(bits); break;
  }
  return b.getIntegerAttr(type, value);
}

Value combine(Scalar &s, Combine kind, Value x, Value y) {
  switch (kind) {
  case Combine::Sum: return s.add(x, y);
  case Combine::Prod: return s.mul(x, y);
  case Combine::Max: return s.maximum(x, y);
  case Combine::MaxNum: return s.maximumNumber(x, y);
  case Combine::Min: return s.minimum(x, y);
  case Combine::Any: return s.logicalOr(x, y);
  case Combine::All: return s.logicalAnd(x, y);
  }
  llvm_unreachable("a kind");
}

// Half floats add up in f32.
Type accumulatorOf(Type element) {
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32)
    return Float32Type::get(element.getContext());
  return element;
}

Value castElements(OpBuilder &b, Location loc, Value tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == element)
    return tensor;
  return pointwise(b, loc, type.clone(element), tensor, [&](Scalar &s, ValueRange x) { return s.cast(x[0], element); });
}

Value reduction(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> axes, bool keepDims, Combine kind, Type element,
                llvm::function_ref<Value(Structured::Region &)> mapped) {
  auto type = cast<RankedTensorType>(x.getType());
  Type accumulator = accumulatorOf(element);
  Structured nest(b, loc);
  SmallVector<AffineExpr> index, kept;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool reduced = llvm::is_contained(axes, dim);
    index.push_back(nest.loop(dimSize(b, loc, x, dim), reduced));
    if (!reduced)
      kept.push_back(index.back());
    else if (keepDims)
      kept.push_back(nest.loop(b.getIndexAttr(1)));
  }
  nest.in(x, index);
  nest.out(accumulator, kept, identityOf(b, kind, accumulator));
  Value result = nest.build([&](Structured::Region &r) {
                       Value value = mapped ? mapped(r) : r.in[0];
                       return SmallVector<Value>{combine(r.s, kind, r.out[0], r.s.cast(value, accumulator))};
                     })
                     .front();
  return castElements(b, loc, result, element);
}

namespace {

Combine kindOf(ReduceOp op) {
  switch (op.getKind()) {
  case ReduceKind::sum: return Combine::Sum;
  case ReduceKind::prod: return Combine::Prod;
  case ReduceKind::max: return Combine::Max;
  case ReduceKind::maxnum: return Combine::MaxNum;
  case ReduceKind::min: return Combine::Min;
  case ReduceKind::any: return Combine::Any;
  case ReduceKind::all: return Combine::All;
  }
  llvm_unreachable("a kind");
}

FailureOr<Value> lowerReduce(ReduceOp op, PatternRewriter &rewriter) {
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  return reduction(rewriter, op.getLoc(), op.getInput(), normalAxes(op.getAxes(), rank), op.getKeepdims(), kindOf(op),
                   op.getType().getElementType(), {});
}

// The first place that equals the maximum, or that is NaN if there is one: two reductions that vectorize.
FailureOr<Value> lowerArgmax(ArgmaxOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  auto type = cast<RankedTensorType>(x.getType());
  int64_t axis = normalAxis(op.getAxis(), type.getRank());
  Type i32 = rewriter.getI32Type();
  Value maximum = reduction(rewriter, loc, x, axis, false, Combine::Max, type.getElementType(), {});

  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> index, kept;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    index.push_back(nest.loop(dimSize(rewriter, loc, x, dim), dim == axis));
    if (dim != axis)
      kept.push_back(index.back());
  }
  nest.in(x, index);
  nest.in(maximum, kept);
  nest.out(i32, kept, identityOf(rewriter, Combine::Min, i32));
  return nest
      .build([&](Structured::Region &r) {
        Scalar &s = r.s;
        Value isBest = s.logicalOr(s.compare(Predicate::Eq, r.in[0], r.in[1]), s.isNan(r.in[0]));
        Value place = s.select(isBest, s.cast(r.index(axis), i32), s.constant(identityOf(rewriter, Combine::Min, i32)));
        return SmallVector<Value>{s.minimum(r.out[0], place)};
      })
      .front();
}

// The number of elements over the axes, exact in the integers and rounded once.
FailureOr<Value> lowerSize(SizeOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis : normalAxes(op.getAxes(), cast<RankedTensorType>(op.getInput().getType()).getRank()))
    sizes.push_back(dimSize(rewriter, loc, op.getInput(), axis));
  OpFoldResult size = productOf(rewriter, loc, sizes);
  auto type = cast<RankedTensorType>(op.getType());
  if (int64_t known = staticSize(size); !ShapedType::isDynamic(known))
    return arith::ConstantOp::create(
               rewriter, loc,
               DenseElementsAttr::get(type, cast<Attribute>(rewriter.getFloatAttr(type.getElementType(), known))))
        .getResult();
  Scalar s(rewriter, loc);
  Value scalar = s.cast(cast<Value>(size), type.getElementType());
  return tensor::FromElementsOp::create(rewriter, loc, type, scalar).getResult();
}

// Slices along the axis are added one after the other.
FailureOr<Value> lowerCumsum(CumsumOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  auto type = cast<RankedTensorType>(x.getType());
  int64_t axis = normalAxis(op.getAxis(), type.getRank());
  Type element = type.getElementType();
  SmallVector<OpFoldResult> sizes = dimSizes(rewriter, loc, x);
  OpFoldResult length = sizes[axis];
  SmallVector<OpFoldResult> sliceSizes = sizes, strides(sizes.size(), rewriter.getIndexAttr(1)), sumSizes = sizes;
  sliceSizes[axis] = rewriter.getIndexAttr(1);
  sumSizes.erase(sumSizes.begin() + axis);
  auto sumType = RankedTensorType::get(llvm::map_to_vector(sumSizes, staticSize), element);
  Value sum = filledTensor(rewriter, loc, sumSizes, cast<TypedAttr>(rewriter.getZeroAttr(element)));
  Value result = emptyTensor(rewriter, loc, sizes, element);
  ValueRange results = loopOver(
      rewriter, loc, length, {sum, result}, [&](OpBuilder &b, Value iv, ValueRange carried) -> SmallVector<Value> {
        OpFoldResult position = iv;
        if (op.getReverse())
          position = sizeExpr(b, loc, b.getAffineSymbolExpr(0) - b.getAffineSymbolExpr(1) - 1, {length, position});
        SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
        offsets[axis] = position;
        Value slice = tensor::ExtractSliceOp::create(b, loc, sumType, x, offsets, sliceSizes, strides);
        Value next =
            pointwise(b, loc, sumType, {carried[0], slice}, [](Scalar &s, ValueRange v) { return s.add(v[0], v[1]); });
        Value placed = tensor::InsertSliceOp::create(b, loc, op.getExclusive() ? carried[0] : next, carried[1], offsets,
                                                     sliceSizes, strides);
        return {copyInto(b, loc, next, carried[0]), placed};
      });
  return results[1];
}

} // namespace

void populateReductionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<ReduceOp>>(context, lowerReduce);
  patterns.add<Lower<ArgmaxOp>>(context, lowerArgmax);
  patterns.add<Lower<SizeOp>>(context, lowerSize);
  patterns.add<Lower<CumsumOp>>(context, lowerCumsum);
}

} // namespace mlir::lamina
