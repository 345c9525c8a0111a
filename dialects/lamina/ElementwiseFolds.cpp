#include "dialects/lamina/ElementwiseFolds.h"

#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace mlir::lamina {
namespace {

std::optional<double> evaluateFloat(Operation *op, double x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<AbsOp>([&](auto) { return std::fabs(x); })
      .Case<NegOp>([&](auto) { return -x; })
      .Case<SignOp>([&](auto) { return x > 0   ? 1.0
                                       : x < 0 ? -1.0
                                               : x; })
      .Case<ReluOp>([&](auto) { return x < 0 ? 0.0 : x; })
      .Case<ExpOp>([&](auto) { return std::exp(x); })
      .Case<Expm1Op>([&](auto) { return std::expm1(x); })
      .Case<LogOp>([&](auto) { return std::log(x); })
      .Case<Log1pOp>([&](auto) { return std::log1p(x); })
      .Case<SqrtOp>([&](auto) { return std::sqrt(x); })
      .Case<RsqrtOp>([&](auto) { return 1.0 / std::sqrt(x); })
      .Case<TanhOp>([&](auto) { return std::tanh(x); })
      .Case<SigmoidOp>([&](auto) { return 1.0 / (1.0 + std::exp(-x)); })
      .Case<SoftplusOp>([&](auto) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); })
      .Case<ErfOp>([&](auto) { return std::erf(x); })
      .Case<SinOp>([&](auto) { return std::sin(x); })
      .Case<CosOp>([&](auto) { return std::cos(x); })
      .Case<FloorOp>([&](auto) { return std::floor(x); })
      .Case<CeilOp>([&](auto) { return std::ceil(x); })
      .Case<RoundOp>([&](auto) { return std::nearbyint(x); })
      .Default([](auto) { return std::nullopt; });
}

std::optional<double> evaluateFloat(Operation *op, double a, double b) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<AddOp>([&](auto) { return a + b; })
      .Case<SubOp>([&](auto) { return a - b; })
      .Case<MulOp>([&](auto) { return a * b; })
      .Case<DivOp>([&](auto) { return a / b; })
      .Case<RemOp>([&](auto) { return std::fmod(a, b); })
      .Case<PowOp>([&](auto) { return std::pow(a, b); })
      .Case<Atan2Op>([&](auto) { return std::atan2(a, b); })
      .Case<MaximumOp>([&](auto) { return std::isnan(a) || a > b ? a : b; })
      .Case<MinimumOp>([&](auto) { return std::isnan(a) || a < b ? a : b; })
      .Default([](auto) { return std::nullopt; });
}

std::optional<APInt> evaluateInteger(Operation *op, const APInt &x) {
  return llvm::TypeSwitch<Operation *, std::optional<APInt>>(op)
      .Case<AbsOp>([&](auto) { return x.abs(); })
      .Case<NegOp>([&](auto) { return -x; })
      .Case<NotOp>([&](auto) { return ~x; })
      .Case<SignOp>([&](auto) { return APInt(x.getBitWidth(), x.isNegative() ? -1 : !x.isZero(), true); })
      .Case<ReluOp>([&](auto) { return x.isNegative() ? APInt(x.getBitWidth(), 0) : x; })
      .Default([](auto) { return std::nullopt; });
}

std::optional<APInt> evaluateInteger(Operation *op, const APInt &a, const APInt &b) {
  APInt zero(a.getBitWidth(), 0);
  return llvm::TypeSwitch<Operation *, std::optional<APInt>>(op)
      .Case<AddOp>([&](auto) { return a + b; })
      .Case<SubOp>([&](auto) { return a - b; })
      .Case<MulOp>([&](auto) { return a * b; })
      .Case<DivOp>([&](auto) { return b.isZero() ? zero : a.sdiv(b); })
      .Case<RemOp>([&](auto) { return b.isZero() ? zero : a.srem(b); })
      .Case<MaximumOp>([&](auto) { return a.sgt(b) ? a : b; })
      .Case<MinimumOp>([&](auto) { return a.slt(b) ? a : b; })
      .Case<AndOp>([&](auto) { return a & b; })
      .Case<OrOp>([&](auto) { return a | b; })
      .Case<XorOp>([&](auto) { return a ^ b; })
      .Case<ShiftRightOp>([&](auto) { return b.uge(b.getBitWidth()) ? zero : a.lshr(b); })
      .Default([](auto) { return std::nullopt; });
}

bool compare(ComparePredicate predicate, bool less, bool equal, bool unordered) {
  switch (predicate) {
  case ComparePredicate::eq: return equal;
  case ComparePredicate::ne: return !equal;
  case ComparePredicate::lt: return less;
  case ComparePredicate::le: return less || equal;
  case ComparePredicate::gt: return !less && !equal && !unordered;
  case ComparePredicate::ge: return !less && !unordered;
  }
  llvm_unreachable("all predicates are handled");
}

APFloat roundTo(Type type, double value) {
  APFloat result(value);
  bool loses;
  result.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
  return result;
}

double asDouble(APFloat value) {
  bool loses;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
  return value.convertToDouble();
}

Attribute castSplat(SplatElementsAttr input, RankedTensorType result) {
  Type from = input.getElementType(), to = result.getElementType();
  if (isa<FloatType>(from)) {
    auto value = input.getSplatValue<APFloat>();
    if (isa<FloatType>(to)) {
      bool loses;
      value.convert(cast<FloatType>(to).getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
      return DenseElementsAttr::get(result, value);
    }
    if (to.isInteger(1))
      return DenseElementsAttr::get(result, !value.isZero());
    llvm::APSInt integer(to.getIntOrFloatBitWidth(), /*isUnsigned=*/false);
    bool exact;
    value.convertToInteger(integer, APFloat::rmTowardZero, &exact);
    return DenseElementsAttr::get(result, static_cast<const APInt &>(integer));
  }
  auto value = input.getSplatValue<APInt>();
  if (to.isInteger(1))
    return DenseElementsAttr::get(result, !value.isZero());
  bool isBool = from.isInteger(1);
  if (auto floating = dyn_cast<FloatType>(to)) {
    APFloat number(floating.getFloatSemantics());
    number.convertFromAPInt(value, !isBool, APFloat::rmNearestTiesToEven);
    return DenseElementsAttr::get(result, number);
  }
  unsigned width = to.getIntOrFloatBitWidth();
  return DenseElementsAttr::get(result, isBool ? value.zextOrTrunc(width) : value.sextOrTrunc(width));
}

// The constant that splat operands give.
Attribute foldSplats(Operation *op, ArrayRef<Attribute> operands) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.hasStaticShape())
    return {};
  SmallVector<SplatElementsAttr> splats;
  for (Attribute operand : operands) {
    auto splat = dyn_cast_or_null<SplatElementsAttr>(operand);
    if (!splat)
      return {};
    splats.push_back(splat);
  }
  if (isa<StopGradientOp>(op))
    return splats[0];
  if (isa<CastOp>(op))
    return castSplat(splats[0], type);
  Type elementType = splats[0].getElementType();
  if (auto select = dyn_cast<SelectOp>(op)) {
    SplatElementsAttr chosen = splats[0].getSplatValue<bool>() ? splats[1] : splats[2];
    return chosen.resizeSplat(type);
  }
  if (isa<FloatType>(elementType)) {
    double a = asDouble(splats[0].getSplatValue<APFloat>());
    double b = splats.size() > 1 ? asDouble(splats[1].getSplatValue<APFloat>()) : 0;
    if (isa<IsFiniteOp>(op))
      return DenseElementsAttr::get(type, std::isfinite(a));
    if (auto comparison = dyn_cast<CompareOp>(op))
      return DenseElementsAttr::get(type,
                                    compare(comparison.getPredicate(), a < b, a == b, std::isnan(a) || std::isnan(b)));
    std::optional<double> value = splats.size() == 1 ? evaluateFloat(op, a) : evaluateFloat(op, a, b);
    return value ? DenseElementsAttr::get(type, roundTo(elementType, *value)) : Attribute();
  }
  auto a = splats[0].getSplatValue<APInt>();
  APInt b = splats.size() > 1 ? splats[1].getSplatValue<APInt>() : a;
  if (auto comparison = dyn_cast<CompareOp>(op))
    return DenseElementsAttr::get(type, compare(comparison.getPredicate(), a.slt(b), a == b, false));
  std::optional<APInt> value = splats.size() == 1 ? evaluateInteger(op, a) : evaluateInteger(op, a, b);
  return value ? DenseElementsAttr::get(type, *value) : Attribute();
}

bool isSplat(Attribute constant, double number) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(constant);
  if (!splat)
    return false;
  if (isa<FloatType>(splat.getElementType()))
    return asDouble(splat.getSplatValue<APFloat>()) == number;
  auto value = splat.getSplatValue<APInt>();
  return splat.getElementType().isInteger(1) ? value.getZExtValue() == number : value.getSExtValue() == number;
}

// The operand that an op equals, if its type is the result's.
Value foldIdentity(Operation *op, ArrayRef<Attribute> operands) {
  auto is = [&](unsigned i, double number) { return isSplat(operands[i], number); };
  Value lhs = op->getOperand(0), rhs = op->getNumOperands() > 1 ? op->getOperand(1) : Value();
  double allBits = cast<RankedTensorType>(lhs.getType()).getElementType().isInteger(1) ? 1 : -1;
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<AddOp>([&](auto) { return is(1, 0)   ? lhs
                                      : is(0, 0) ? rhs
                                                 : Value(); })
      .Case<SubOp, ShiftRightOp>([&](auto) { return is(1, 0) ? lhs : Value(); })
      .Case<MulOp>([&](auto) { return is(1, 1)   ? lhs
                                      : is(0, 1) ? rhs
                                                 : Value(); })
      .Case<DivOp, PowOp>([&](auto) { return is(1, 1) ? lhs : Value(); })
      .Case<MaximumOp, MinimumOp>([&](auto) { return lhs == rhs ? lhs : Value(); })
      .Case<AndOp>([&](auto) { return lhs == rhs || is(1, allBits) ? lhs
                                      : is(0, allBits)             ? rhs
                                                                   : Value(); })
      .Case<OrOp>([&](auto) { return lhs == rhs || is(1, 0) ? lhs
                                     : is(0, 0)             ? rhs
                                                            : Value(); })
      .Case<SelectOp>([&](SelectOp select) -> Value {
        if (select.getLhs() == select.getRhs() || is(0, 1))
          return select.getLhs();
        return is(0, 0) ? Value(select.getRhs()) : Value();
      })
      .Case<CastOp>([&](auto) { return lhs; })
      .Case<NegOp, NotOp>([&](auto) {
        return lhs.getDefiningOp() && lhs.getDefiningOp()->getName() == op->getName()
                   ? lhs.getDefiningOp()->getOperand(0)
                   : Value();
      })
      .Case<AbsOp, ReluOp, FloorOp, CeilOp, RoundOp, StopGradientOp>(
          [&](auto) { return lhs.getDefiningOp() && lhs.getDefiningOp()->getName() == op->getName() ? lhs : Value(); })
      .Default([](auto) { return Value(); });
}

// Rewrites that need new ops. Each keeps the result's type: the operands stay, or are scalars.

Value scalar(OpBuilder &builder, Location location, Type elementType, double value) {
  auto type = RankedTensorType::get({}, elementType);
  if (isa<FloatType>(elementType))
    return ConstantOp::create(builder, location, DenseElementsAttr::get(type, roundTo(elementType, value)));
  APInt integer(elementType.getIntOrFloatBitWidth(), static_cast<int64_t>(value), /*isSigned=*/true);
  return ConstantOp::create(builder, location, DenseElementsAttr::get(type, integer));
}

bool isConstant(Value value, double number) {
  Attribute constant;
  return matchPattern(value, m_Constant(&constant)) && isSplat(constant, number);
}

struct PowerOfConstant : OpRewritePattern<PowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PowOp op, PatternRewriter &rewriter) const override {
    Value base = op.getLhs();
    if (base.getType() != op.getType())
      return failure();
    if (isConstant(op.getRhs(), 2)) {
      rewriter.replaceOpWithNewOp<MulOp>(op, base, base);
    } else if (isConstant(op.getRhs(), 3)) {
      Value square = MulOp::create(rewriter, op.getLoc(), base, base);
      rewriter.replaceOpWithNewOp<MulOp>(op, square, base);
    } else if (isConstant(op.getRhs(), 0.5)) {
      rewriter.replaceOpWithNewOp<SqrtOp>(op, base);
    } else if (isConstant(op.getRhs(), -0.5)) {
      rewriter.replaceOpWithNewOp<RsqrtOp>(op, base);
    } else if (isConstant(op.getRhs(), -1)) {
      Value one = scalar(rewriter, op.getLoc(), op.getType().getElementType(), 1);
      rewriter.replaceOpWithNewOp<DivOp>(op, one, base);
    } else {
      return failure();
    }
    return success();
  }
};

// a + (-b) → a - b; (-a) + b → b - a
struct AddOfNegation : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    if (auto negated = op.getRhs().getDefiningOp<NegOp>())
      rewriter.replaceOpWithNewOp<SubOp>(op, op.getLhs(), negated.getInput());
    else if (auto negated = op.getLhs().getDefiningOp<NegOp>())
      rewriter.replaceOpWithNewOp<SubOp>(op, op.getRhs(), negated.getInput());
    else
      return failure();
    return success();
  }
};

// a - (-b) → a + b; 0 - b → -b
struct SubOfNegation : OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op, PatternRewriter &rewriter) const override {
    if (auto negated = op.getRhs().getDefiningOp<NegOp>())
      rewriter.replaceOpWithNewOp<AddOp>(op, op.getLhs(), negated.getInput());
    else if (op.getRhs().getType() == op.getType() && isConstant(op.getLhs(), 0))
      rewriter.replaceOpWithNewOp<NegOp>(op, op.getRhs());
    else
      return failure();
    return success();
  }
};

// a * -1 → -a
struct MulByMinusOne : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    for (auto [factor, other] : {std::pair(op.getRhs(), op.getLhs()), std::pair(op.getLhs(), op.getRhs())}) {
      if (other.getType() != op.getType() || !isConstant(factor, -1))
        continue;
      rewriter.replaceOpWithNewOp<NegOp>(op, other);
      return success();
    }
    return failure();
  }
};

// a / 2^n → a * 2^-n, which is exact.
struct DivByPowerOfTwo : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    SplatElementsAttr divisor;
    if (!isa<FloatType>(op.getType().getElementType()) || !matchPattern(op.getRhs(), m_Constant(&divisor)))
      return failure();
    auto value = divisor.getSplatValue<APFloat>();
    APFloat inverse(value.getSemantics());
    if (!value.getExactInverse(&inverse))
      return failure();
    Value factor = ConstantOp::create(rewriter, op.getLoc(), DenseElementsAttr::get(divisor.getType(), inverse));
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getLhs(), factor);
    return success();
  }
};

} // namespace

OpFoldResult foldElementwise(Operation *op, ArrayRef<Attribute> operands) {
  if (Attribute constant = foldSplats(op, operands))
    return constant;
  Value identity = foldIdentity(op, operands);
  if (identity && identity.getType() == op->getResult(0).getType())
    return identity;
  return {};
}

OpFoldResult IsFiniteOp::fold(FoldAdaptor adaptor) { return foldElementwise(*this, adaptor.getOperands()); }
OpFoldResult CompareOp::fold(FoldAdaptor adaptor) { return foldElementwise(*this, adaptor.getOperands()); }
OpFoldResult SelectOp::fold(FoldAdaptor adaptor) { return foldElementwise(*this, adaptor.getOperands()); }
OpFoldResult CastOp::fold(FoldAdaptor adaptor) { return foldElementwise(*this, adaptor.getOperands()); }

void AddOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<AddOfNegation>(context);
}
void SubOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<SubOfNegation>(context);
}
void MulOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MulByMinusOne>(context);
}
void DivOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DivByPowerOfTwo>(context);
}
void PowOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<PowerOfConstant>(context);
}

} // namespace mlir::lamina
