#include "Scalar.h"

#include <cmath>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {

namespace {

bool isFloat(Value x) { return isa<FloatType>(x.getType()); }
bool isBool(Value x) { return x.getType().isInteger(1); }

constexpr auto kContract = arith::FastMathFlags::contract;

} // namespace

Value Scalar::constant(TypedAttr value) { return arith::ConstantOp::create(b, loc, value); }

Value Scalar::constant(Type type, double value) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return constant(b.getFloatAttr(floatType, value));
  return constantInt(type, static_cast<int64_t>(value));
}

Value Scalar::constantInt(Type type, int64_t value) {
  if (isa<FloatType>(type))
    return constant(type, static_cast<double>(value));
  return constant(cast<TypedAttr>(b.getIntegerAttr(type, value)));
}

Value Scalar::add(Value x, Value y) {
  if (isFloat(x))
    return arith::AddFOp::create(b, loc, x, y, kContract);
  return arith::AddIOp::create(b, loc, x, y);
}

Value Scalar::sub(Value x, Value y) {
  if (isFloat(x))
    return arith::SubFOp::create(b, loc, x, y, kContract);
  return arith::SubIOp::create(b, loc, x, y);
}

Value Scalar::mul(Value x, Value y) {
  if (isFloat(x))
    return arith::MulFOp::create(b, loc, x, y, kContract);
  return arith::MulIOp::create(b, loc, x, y);
}

// Division by zero and the quotient that overflows are undefined in LLVM: the divisor is replaced first.
Value Scalar::div(Value x, Value y) {
  if (isFloat(x))
    return arith::DivFOp::create(b, loc, x, y);
  Value zero = constantInt(x.getType(), 0), one = constantInt(x.getType(), 1);
  Value isZero = compare(Predicate::Eq, y, zero);
  Value isMinusOne = compare(Predicate::Eq, y, constantInt(x.getType(), -1));
  Value safe = select(logicalOr(isZero, isMinusOne), one, y);
  Value quotient = arith::DivSIOp::create(b, loc, x, safe);
  return select(isZero, zero, select(isMinusOne, neg(x), quotient));
}

// The remainder has the sign of x; by zero it is 0.
Value Scalar::rem(Value x, Value y) {
  if (isFloat(x))
    return arith::RemFOp::create(b, loc, x, y);
  Value degenerate = logicalOr(compare(Predicate::Eq, y, constantInt(x.getType(), 0)),
                               compare(Predicate::Eq, y, constantInt(x.getType(), -1)));
  return arith::RemSIOp::create(b, loc, x, select(degenerate, constantInt(x.getType(), 1), y));
}

Value Scalar::pow(Value x, Value y) {
  FloatAttr exponent;
  if (matchPattern(y, m_Constant(&exponent)))
    if (Value power = pow(x, exponent.getValueAsDouble()))
      return power;
  return math::PowFOp::create(b, loc, x, y);
}

Value Scalar::pow(Value x, double exponent) {
  double magnitude = std::fabs(exponent);
  Value power;
  if (magnitude == 0.5) {
    power = sqrt(x);
  } else if (magnitude == std::floor(magnitude) && magnitude <= 16) {
    power = constant(x.getType(), 1.0);
    bool first = true;
    Value square = x;
    for (int bits = static_cast<int>(magnitude); bits; bits >>= 1) {
      if (bits & 1) {
        power = first ? square : mul(power, square);
        first = false;
      }
      if (bits > 1)
        square = mul(square, square);
    }
  } else {
    return {};
  }
  return exponent < 0 ? div(constant(x.getType(), 1.0), power) : power;
}

// NaN propagates; the order of the two zeros is free, which makes it one instruction against a constant.
Value Scalar::maximum(Value x, Value y) {
  if (isFloat(x))
    return arith::MaximumFOp::create(b, loc, x, y, arith::FastMathFlags::nsz);
  if (isBool(x))
    return logicalOr(x, y);
  return arith::MaxSIOp::create(b, loc, x, y);
}

Value Scalar::maximumNumber(Value x, Value y) {
  return isFloat(x) ? arith::MaxNumFOp::create(b, loc, x, y, arith::FastMathFlags::nsz).getResult() : maximum(x, y);
}

Value Scalar::minimum(Value x, Value y) {
  if (isFloat(x))
    return arith::MinimumFOp::create(b, loc, x, y, arith::FastMathFlags::nsz);
  if (isBool(x))
    return logicalAnd(x, y);
  return arith::MinSIOp::create(b, loc, x, y);
}

Value Scalar::logicalAnd(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
Value Scalar::logicalOr(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
Value Scalar::logicalXor(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
Value Scalar::logicalNot(Value x) { return logicalXor(x, constantInt(x.getType(), -1)); }

// A shift by the width or more is undefined in LLVM: the distance is replaced first.
Value Scalar::shiftRight(Value x, Value by) {
  Value zero = constantInt(x.getType(), 0), width = constantInt(x.getType(), x.getType().getIntOrFloatBitWidth());
  Value within = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, by, width);
  return select(within, arith::ShRUIOp::create(b, loc, x, select(within, by, zero)), zero);
}

Value Scalar::compare(Predicate predicate, Value x, Value y) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr F floats[] = {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE};
  static constexpr I integers[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  static constexpr I bools[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  auto index = static_cast<unsigned>(predicate);
  if (isFloat(x))
    return arith::CmpFOp::create(b, loc, floats[index], x, y);
  return arith::CmpIOp::create(b, loc, isBool(x) ? bools[index] : integers[index], x, y);
}

Value Scalar::select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

Value Scalar::neg(Value x) {
  if (isFloat(x))
    return arith::NegFOp::create(b, loc, x);
  return sub(constantInt(x.getType(), 0), x);
}

Value Scalar::abs(Value x) {
  if (isFloat(x))
    return math::AbsFOp::create(b, loc, x);
  if (isBool(x))
    return x;
  return maximum(x, neg(x));
}

// Zero and NaN are their own sign.
Value Scalar::sign(Value x) {
  Value zero = constantInt(x.getType(), 0), one = constantInt(x.getType(), 1);
  Value minusOne = constantInt(x.getType(), -1);
  return select(compare(Predicate::Gt, x, zero), one, select(compare(Predicate::Lt, x, zero), minusOne, x));
}

Value Scalar::exp(Value x) { return math::ExpOp::create(b, loc, x); }
Value Scalar::log1p(Value x) { return math::Log1pOp::create(b, loc, x); }
Value Scalar::sqrt(Value x) { return math::SqrtOp::create(b, loc, x); }

Value Scalar::isNan(Value x) {
  if (isFloat(x))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return constantInt(b.getI1Type(), 0);
}

// Truncates; saturates at the ends of the integer type, and NaN is 0.
Value Scalar::floatToInt(Value x, Type type) {
  unsigned bits = type.getIntOrFloatBitWidth();
  if (x.getType().getIntOrFloatBitWidth() < 32)
    x = cast(x, b.getF32Type());
  bool isDouble = x.getType().isF64();
  double low = -std::ldexp(1.0, static_cast<int>(bits) - 1), end = -low;
  unsigned precision = isDouble ? 53 : 24;
  double high = bits - 1 <= precision ? end - 1 : (isDouble ? std::nextafter(end, 0.0) : std::nextafterf(end, 0.0f));
  Value clamped = select(compare(Predicate::Lt, x, constant(x.getType(), high)), x, constant(x.getType(), high));
  clamped = select(compare(Predicate::Gt, clamped, constant(x.getType(), low)), clamped, constant(x.getType(), low));
  Value result = arith::FPToSIOp::create(b, loc, type, clamped);
  if (bits - 1 > precision)
    result = select(compare(Predicate::Ge, x, constant(x.getType(), end)),
                    constantInt(type, llvm::APInt::getSignedMaxValue(bits).getSExtValue()), result);
  return select(isNan(x), constantInt(type, 0), result);
}

Value Scalar::cast(Value x, Type type) {
  Type from = x.getType();
  if (from == type)
    return x;
  if (type.isInteger(1))
    return compare(Predicate::Ne, x, constantInt(from, 0));
  bool toFloat = isa<FloatType>(type);
  if (isFloat(x)) {
    if (!toFloat)
      return floatToInt(x, type);
    unsigned width = from.getIntOrFloatBitWidth(), target = type.getIntOrFloatBitWidth();
    if (width < target)
      return arith::ExtFOp::create(b, loc, type, x);
    if (width > target)
      return arith::TruncFOp::create(b, loc, type, x);
    return cast(cast(x, b.getF32Type()), type);
  }
  if (isa<IndexType>(from) || isa<IndexType>(type)) {
    if (toFloat)
      return cast(cast(x, b.getI64Type()), type);
    return arith::IndexCastOp::create(b, loc, type, x);
  }
  if (toFloat) {
    if (type.getIntOrFloatBitWidth() < 32)
      return cast(cast(x, b.getF32Type()), type);
    if (from.isInteger(1))
      return arith::UIToFPOp::create(b, loc, type, x);
    return arith::SIToFPOp::create(b, loc, type, x);
  }
  if (from.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, type, x);
  if (from.isInteger(1))
    return arith::ExtUIOp::create(b, loc, type, x);
  return arith::ExtSIOp::create(b, loc, type, x);
}

} // namespace mlir::lamina
