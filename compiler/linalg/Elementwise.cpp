#include <limits>

#include "Lowering.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace mlir::lamina {

// An open dimension of the result is that of an operand; a splat tells its own only where no other does.
static OpFoldResult broadcastSize(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<Value> operands,
                                  int64_t dim) {
  if (!type.isDynamicDim(dim))
    return b.getIndexAttr(type.getDimSize(dim));
  Value source;
  int64_t sourceDim = 0;
  for (Value operand : operands) {
    auto operandType = cast<RankedTensorType>(operand.getType());
    int64_t own = dim - (type.getRank() - operandType.getRank());
    if (own < 0 || !operandType.isDynamicDim(own) || (source && !splatOf(source)))
      continue;
    source = operand;
    sourceDim = own;
  }
  return dimSize(b, loc, source, sourceDim);
}

Value pointwise(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<Value> operands, PointwiseBody body) {
  Structured nest(b, loc);
  SmallVector<AffineExpr> loops;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    loops.push_back(nest.loop(broadcastSize(b, loc, type, operands, dim)));
  for (Value operand : operands) {
    auto operandType = cast<RankedTensorType>(operand.getType());
    SmallVector<AffineExpr> index;
    for (int64_t own = 0; own < operandType.getRank(); ++own) {
      int64_t dim = own + type.getRank() - operandType.getRank();
      bool stretched = operandType.getDimSize(own) == 1 && type.getDimSize(dim) != 1;
      index.push_back(stretched ? nest.constant(0) : loops[dim]);
    }
    nest.in(operand, index);
  }
  nest.out(type.getElementType(), loops);
  return nest.build([&](Structured::Region &r) { return SmallVector<Value>{body(r.s, r.in)}; }).front();
}

namespace {

template <typename Op> class Pointwise : public OpRewritePattern<Op> {
public:
  using Body = Value (*)(Scalar &, ValueRange, Op);
  Pointwise(MLIRContext *context, Body body) : OpRewritePattern<Op>(context), body(body) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const final {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<Value> operands(op->getOperands());
    replaceWith(rewriter, op, pointwise(rewriter, op.getLoc(), type, operands, [&](Scalar &s, ValueRange x) {
                  if constexpr (std::is_same_v<Op, CastOp>)
                    return body(s, x, op);
                  // 16-bit floats are computed with in f32.
                  SmallVector<Value> wide(x);
                  for (Value &value : wide)
                    if (isa<Float16Type, BFloat16Type>(value.getType()))
                      value = s.cast(value, s.builder().getF32Type());
                  return s.cast(body(s, wide, op), type.getElementType());
                }));
    return success();
  }

private:
  Body body;
};

// 1 / (1 + exp(-x)): exp overflows to infinity where the answer is 0.
Value sigmoid(Scalar &s, Value x) {
  Value one = s.constant(x.getType(), 1.0);
  return s.div(one, s.add(one, s.exp(s.neg(x))));
}

// max(x, 0) + log1p(exp(-|x|)): exp never overflows.
Value softplus(Scalar &s, Value x) {
  return s.add(s.maximum(x, s.constant(x.getType(), 0.0)), s.log1p(s.exp(s.neg(s.abs(x)))));
}

Value isFinite(Scalar &s, Value x) {
  if (!isa<FloatType>(x.getType()))
    return s.constantInt(s.builder().getI1Type(), 1);
  return s.compare(Predicate::Lt, s.abs(x), s.constant(x.getType(), std::numeric_limits<double>::infinity()));
}

Predicate predicateOf(CompareOp op) {
  switch (op.getPredicate()) {
  case ComparePredicate::eq: return Predicate::Eq;
  case ComparePredicate::ne: return Predicate::Ne;
  case ComparePredicate::lt: return Predicate::Lt;
  case ComparePredicate::le: return Predicate::Le;
  case ComparePredicate::gt: return Predicate::Gt;
  case ComparePredicate::ge: return Predicate::Ge;
  }
  llvm_unreachable("six predicates");
}

template <typename MathOp> Value viaMath(Scalar &s, Value x) { return MathOp::create(s.builder(), s.location(), x); }

// Rounding leaves integers alone.
template <typename MathOp> Value rounded(Scalar &s, Value x) {
  return isa<FloatType>(x.getType()) ? viaMath<MathOp>(s, x) : x;
}

} // namespace

void populateElementwisePatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
#define POINTWISE(OP, ...)                                                                                             \
  patterns.add<Pointwise<OP>>(context, [](Scalar &s, ValueRange x, OP op) -> Value { return __VA_ARGS__; })
  POINTWISE(AbsOp, s.abs(x[0]));
  POINTWISE(NegOp, s.neg(x[0]));
  POINTWISE(ExpOp, s.exp(x[0]));
  POINTWISE(Expm1Op, viaMath<math::ExpM1Op>(s, x[0]));
  POINTWISE(LogOp, viaMath<math::LogOp>(s, x[0]));
  POINTWISE(Log1pOp, s.log1p(x[0]));
  POINTWISE(SqrtOp, s.sqrt(x[0]));
  POINTWISE(RsqrtOp, s.div(s.constant(x[0].getType(), 1.0), s.sqrt(x[0])));
  POINTWISE(TanhOp, viaMath<math::TanhOp>(s, x[0]));
  POINTWISE(SigmoidOp, sigmoid(s, x[0]));
  POINTWISE(SoftplusOp, softplus(s, x[0]));
  POINTWISE(ErfOp, viaMath<math::ErfOp>(s, x[0]));
  POINTWISE(SinOp, viaMath<math::SinOp>(s, x[0]));
  POINTWISE(CosOp, viaMath<math::CosOp>(s, x[0]));
  POINTWISE(FloorOp, rounded<math::FloorOp>(s, x[0]));
  POINTWISE(CeilOp, rounded<math::CeilOp>(s, x[0]));
  POINTWISE(RoundOp, rounded<math::RoundEvenOp>(s, x[0]));
  POINTWISE(SignOp, s.sign(x[0]));
  POINTWISE(NotOp, s.logicalNot(x[0]));
  POINTWISE(IsFiniteOp, isFinite(s, x[0]));
  POINTWISE(ReluOp, s.maximum(x[0], s.constantInt(x[0].getType(), 0)));
  POINTWISE(AddOp, s.add(x[0], x[1]));
  POINTWISE(SubOp, s.sub(x[0], x[1]));
  POINTWISE(MulOp, s.mul(x[0], x[1]));
  POINTWISE(DivOp, s.div(x[0], x[1]));
  POINTWISE(RemOp, s.rem(x[0], x[1]));
  POINTWISE(PowOp, s.pow(x[0], x[1]));
  POINTWISE(Atan2Op, math::Atan2Op::create(s.builder(), s.location(), x[0], x[1]));
  POINTWISE(MaximumOp, s.maximum(x[0], x[1]));
  POINTWISE(MinimumOp, s.minimum(x[0], x[1]));
  POINTWISE(AndOp, s.logicalAnd(x[0], x[1]));
  POINTWISE(OrOp, s.logicalOr(x[0], x[1]));
  POINTWISE(XorOp, s.logicalXor(x[0], x[1]));
  POINTWISE(ShiftRightOp, s.shiftRight(x[0], x[1]));
  POINTWISE(CompareOp, s.compare(predicateOf(op), x[0], x[1]));
  POINTWISE(SelectOp, s.select(x[0], x[1], x[2]));
  POINTWISE(CastOp, s.cast(x[0], op.getType().getElementType()));
#undef POINTWISE
  patterns.add<Lower<StopGradientOp>>(
      context, [](StopGradientOp op, PatternRewriter &) -> FailureOr<Value> { return op.getOperand(); });
}

} // namespace mlir::lamina
