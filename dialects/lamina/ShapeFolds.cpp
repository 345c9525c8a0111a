#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::lamina {
namespace {

// Where an unknown size comes from: an axis of another tensor, or an index.
struct DimSource {
  Value tensor;
  int64_t axis = 0;
  Value index;

  explicit operator bool() const { return tensor || index; }
};

// The source of an unknown size of an elementwise result: the first operand in which it is unknown too.
DimSource elementwiseSource(Operation *op, int64_t axis) {
  int64_t rank = tensorType(op->getResult(0)).getRank();
  for (Value operand : op->getOperands()) {
    RankedTensorType type = tensorType(operand);
    int64_t operandAxis = axis - (rank - type.getRank());
    if (operandAxis >= 0 && type.isDynamicDim(operandAxis))
      return {operand, operandAxis, {}};
  }
  return {};
}

// The source of entry `position` of a `shape` attribute.
DimSource targetSource(ArrayRef<int64_t> shape, ValueRange dims, Value input, int64_t position) {
  int64_t size = shape[position];
  if (isDimOfInput(size) && input)
    return {input, inputDim(size), {}};
  if (size != ShapedType::kDynamic)
    return {};
  return {{}, 0, dims[llvm::count(shape.take_front(position), ShapedType::kDynamic)]};
}

DimSource reduceSource(ReduceOp op, int64_t axis) {
  RankedTensorType input = tensorType(op.getInput());
  SmallVector<int64_t> axes = normalizeAxes(op.getAxes(), input);
  if (op.getKeepdims())
    return {op.getInput(), axis, {}};
  for (int64_t i = 0; i < input.getRank(); ++i)
    if (!llvm::is_contained(axes, i) && axis-- == 0)
      return {op.getInput(), i, {}};
  return {};
}

DimSource dotSource(DotGeneralOp op, int64_t axis) {
  auto batching = static_cast<int64_t>(op.getLhsBatching().size());
  if (axis < batching) {
    int64_t lhsAxis = normalizeAxis(op.getLhsBatching()[axis], tensorType(op.getLhs()));
    return {op.getLhs(), lhsAxis, {}};
  }
  axis -= batching;
  auto findFree = [&](Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) -> DimSource {
    RankedTensorType type = tensorType(operand);
    SmallVector<int64_t> used = normalizeAxes(batch, type);
    llvm::append_range(used, normalizeAxes(contracting, type));
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (!llvm::is_contained(used, i) && axis-- == 0)
        return {operand, i, {}};
    return {};
  };
  if (DimSource source = findFree(op.getLhs(), op.getLhsBatching(), op.getLhsContracting()))
    return source;
  return findFree(op.getRhs(), op.getRhsBatching(), op.getRhsContracting());
}

DimSource sliceSource(SliceOp op, int64_t axis) {
  bool whole = op.getStarts()[axis] == 0 && op.getLimits()[axis] == ShapedType::kDynamic && op.getStrides()[axis] == 1;
  return whole ? DimSource{op.getInput(), axis, {}} : DimSource{};
}

DimSource findSource(Value value, int64_t axis) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return {};
  int64_t last = tensorType(value).getRank() - 1;
  return llvm::TypeSwitch<Operation *, DimSource>(op)
      .Case<ReshapeOp, BroadcastToOp>(
          [&](auto shaped) { return targetSource(shaped.getShape(), shaped.getDims(), shaped.getInput(), axis); })
      .Case<IotaOp, RandomUniformOp, RandomNormalOp>(
          [&](auto shaped) { return targetSource(shaped.getShape(), shaped.getDims(), {}, axis); })
      .Case<TransposeOp>([&](TransposeOp transpose) {
        int64_t source = normalizeAxis(transpose.getPermutation()[axis], tensorType(transpose.getInput()));
        return DimSource{transpose.getInput(), source, {}};
      })
      .Case<ReduceOp>([&](ReduceOp reduce) { return reduceSource(reduce, axis); })
      .Case<DotGeneralOp>([&](DotGeneralOp dot) { return dotSource(dot, axis); })
      .Case<SliceOp>([&](SliceOp slice) { return sliceSource(slice, axis); })
      .Case<ArgmaxOp>([&](ArgmaxOp argmax) {
        int64_t dropped = normalizeAxis(argmax.getAxis(), tensorType(argmax.getInput()));
        return DimSource{argmax.getInput(), axis + (axis >= dropped), {}};
      })
      .Case<CumsumOp, ReverseOp>([&](auto same) { return DimSource{same.getInput(), axis, {}}; })
      .Case<PadOp>([&](PadOp pad) {
        bool same = pad.getLow()[axis] == 0 && pad.getHigh()[axis] == 0;
        return same ? DimSource{pad.getInput(), axis, {}} : DimSource{};
      })
      .Case<ConcatenateOp>([&](ConcatenateOp concatenate) {
        if (axis == normalizeAxis(concatenate.getAxis(), tensorType(value)))
          return DimSource{};
        return DimSource{concatenate.getInputs().front(), axis, {}};
      })
      .Case<GatherOp>([&](GatherOp gather) {
        int64_t rank = tensorType(gather.getIndices()).getRank();
        return axis < rank ? DimSource{gather.getIndices(), axis, {}}
                           : DimSource{gather.getTable(), axis - rank + 1, {}};
      })
      .Case<ScatterAddOp>([&](ScatterAddOp scatter) { return DimSource{scatter.getInit(), axis, {}}; })
      .Case<OneHotOp>([&](OneHotOp oneHot) { return DimSource{oneHot.getIndices(), axis, {}}; })
      .Case<ConvOp, MaxPoolOp, AvgPoolOp>(
          [&](auto window) { return axis == 0 ? DimSource{window.getInput(), 0, {}} : DimSource{}; })
      .Case<MaxPoolGradOp>([&](MaxPoolGradOp grad) { return DimSource{grad.getInput(), axis, {}}; })
      .Case<ConvTransposeOp>([&](ConvTransposeOp conv) {
        if (axis == 0 || axis == last)
          return axis == 0 ? DimSource{conv.getInput(), 0, {}} : DimSource{};
        return targetSource(conv.getShape(), conv.getDims(), {}, axis - 1);
      })
      .Case<AvgPoolGradOp>([&](AvgPoolGradOp grad) {
        if (axis == 0 || axis == last)
          return DimSource{grad.getCotangent(), axis, {}};
        return targetSource(grad.getShape(), grad.getDims(), {}, axis - 1);
      })
      .Default([&](Operation *other) { return isElementwise(other) ? elementwiseSource(other, axis) : DimSource{}; });
}

// The same elements of a splat in the op's shape.
OpFoldResult foldSplat(Operation *op, Attribute input) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(input);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!splat || !type.hasStaticShape())
    return {};
  return splat.resizeSplat(type);
}

// Whether two shapes of one tensor's elements must be the same: at most one size is not known to be.
bool keepsShape(ArrayRef<int64_t> shape, RankedTensorType input, RankedTensorType result) {
  if (input != result)
    return false;
  int unknown = 0;
  for (auto [axis, size] : llvm::enumerate(shape))
    unknown += result.isDynamicDim(axis) && size != dimOfInput(axis);
  return unknown <= 1;
}

// Reshape of a reshape: the first one's input, if every entry can be told from there.
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> shape;
    SmallVector<Value> dims;
    auto nextDim = op.getDims().begin();
    for (int64_t size : op.getShape()) {
      if (size == ShapedType::kDynamic) {
        dims.push_back(*nextDim++);
      } else if (isDimOfInput(size)) {
        int64_t axis = inputDim(size);
        if (!inner.getType().isDynamicDim(axis)) {
          size = inner.getType().getDimSize(axis);
        } else {
          DimSource source = targetSource(inner.getShape(), inner.getDims(), inner.getInput(), axis);
          if (!source)
            return failure();
          size = source.index ? ShapedType::kDynamic : dimOfInput(source.axis);
          if (source.index)
            dims.push_back(source.index);
        }
      }
      shape.push_back(size);
    }
    auto combined = ReshapeOp::create(rewriter, op.getLoc(), op.getType(), inner.getInput(), dims,
                                      rewriter.getDenseI64ArrayAttr(shape));
    SmallVector<Type> types;
    if (failed(ReshapeOp::inferReturnTypes(op.getContext(), std::nullopt, combined->getOperands(), {},
                                           combined->getPropertiesStorage(), {}, types)) ||
        types.front() != op.getType()) {
      rewriter.eraseOp(combined);
      return failure();
    }
    rewriter.replaceOp(op, combined);
    return success();
  }
};

// A dimension operand that is a dimension of the input becomes `dim k`.
template <class Op> struct DimOperandOfInput : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> shape(op.getShape());
    SmallVector<Value> dims;
    auto nextDim = op.getDims().begin();
    for (int64_t &size : shape) {
      if (size != ShapedType::kDynamic)
        continue;
      Value operand = *nextDim++;
      auto dim = operand.template getDefiningOp<DimOp>();
      if (dim && dim.getInput() == op.getInput())
        size = dimOfInput(normalizeAxis(dim.getAxis(), tensorType(dim.getInput())));
      else
        dims.push_back(operand);
    }
    if (dims.size() == op.getDims().size())
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getDimsMutable().assign(dims);
      op.setShape(shape);
    });
    return success();
  }
};

} // namespace

bool isElementwise(Operation *op) {
  return isa<AbsOp, NegOp, SignOp, ReluOp, ExpOp, Expm1Op, LogOp, Log1pOp, SqrtOp, RsqrtOp, TanhOp, SigmoidOp,
             SoftplusOp, ErfOp, SinOp, CosOp, FloorOp, CeilOp, RoundOp, NotOp, StopGradientOp, IsFiniteOp, AddOp, SubOp,
             MulOp, DivOp, RemOp, PowOp, Atan2Op, MaximumOp, MinimumOp, AndOp, OrOp, XorOp, ShiftRightOp, CompareOp,
             SelectOp, CastOp>(op);
}

OpFoldResult DimOp::fold(FoldAdaptor) {
  RankedTensorType type = tensorType(getInput());
  int64_t axis = normalizeAxis(getAxis(), type);
  if (!type.isDynamicDim(axis))
    return IntegerAttr::get(IndexType::get(getContext()), type.getDimSize(axis));
  DimSource source = findSource(getInput(), axis);
  if (source.index)
    return source.index;
  if (!source.tensor)
    return {};
  getInputMutable().assign(source.tensor);
  setAxis(source.axis);
  return getResult();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (keepsShape(getShape(), tensorType(getInput()), getType()))
    return getInput();
  return foldSplat(*this, adaptor.getInput());
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReshapeOfReshape, DimOperandOfInput<ReshapeOp>>(context);
}

OpFoldResult BroadcastToOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return foldSplat(*this, adaptor.getInput());
}

void BroadcastToOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DimOperandOfInput<BroadcastToOp>>(context);
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  SmallVector<int64_t> permutation = normalizeAxes(getPermutation(), getType());
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return getInput();
  if (OpFoldResult constant = foldSplat(*this, adaptor.getInput()))
    return constant;
  auto inner = getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return {};
  // Axis i of the result is axis inner[permutation[i]] of the inner input.
  SmallVector<int64_t> first = normalizeAxes(inner.getPermutation(), getType());
  for (int64_t &axis : permutation)
    axis = first[axis];
  getInputMutable().assign(inner.getInput());
  setPermutation(permutation);
  return getResult();
}

OpFoldResult ConcatenateOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front()) : OpFoldResult();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  bool whole = true;
  for (auto [start, limit, stride, size] : llvm::zip(getStarts(), getLimits(), getStrides(), getType().getShape()))
    whole &=
        stride == 1 && start == 0 && (limit == ShapedType::kDynamic || (!ShapedType::isDynamic(size) && limit >= size));
  if (whole && getInput().getType() == getType())
    return getInput();
  return foldSplat(*this, adaptor.getInput());
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  auto isZero = [](int64_t size) { return size == 0; };
  return llvm::all_of(getLow(), isZero) && llvm::all_of(getHigh(), isZero) ? OpFoldResult(getInput()) : OpFoldResult();
}

OpFoldResult ReverseOp::fold(FoldAdaptor adaptor) {
  bool changes =
      llvm::any_of(normalizeAxes(getAxes(), getType()), [&](int64_t axis) { return getType().getDimSize(axis) != 1; });
  return changes ? foldSplat(*this, adaptor.getInput()) : OpFoldResult(getInput());
}

OpFoldResult ReduceOp::fold(FoldAdaptor) { return getAxes().empty() ? OpFoldResult(getInput()) : OpFoldResult(); }

OpFoldResult SizeOp::fold(FoldAdaptor) {
  RankedTensorType type = tensorType(getInput());
  float size = 1;
  for (int64_t axis : normalizeAxes(getAxes(), type)) {
    if (type.isDynamicDim(axis))
      return {};
    size *= static_cast<float>(type.getDimSize(axis));
  }
  return DenseElementsAttr::get(getType(), size);
}

} // namespace mlir::lamina
