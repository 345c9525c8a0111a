#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

#include <numbers>

namespace mlir::lamina {

void AbsOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g · sign(x)
  b.propagate(x, g * b.create<SignOp>(x));
}

void NegOp::buildGradient(GradientBuilder &b) {
  // dx = −g
  b.propagate(getInput(), -b.cotangent());
}

void ReluOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g where y > 0, else 0
  b.propagate(getInput(), select(greater(y, 0.0), g, 0.0));
}

void ExpOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g · y
  b.propagate(getInput(), g * y);
}

void Expm1Op::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g · (y + 1)
  b.propagate(getInput(), g * (y + 1.0));
}

void LogOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g / x
  b.propagate(x, g / x);
}

void Log1pOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g / (1 + x)
  b.propagate(x, g / (x + 1.0));
}

void SqrtOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g · 1 / (2 y)
  b.propagate(getInput(), g * (0.5 / y));
}

void RsqrtOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0), y = b.result();
  // dx = −g / 2 · y / x
  b.propagate(x, g * -0.5 * (y / x));
}

void TanhOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g · (1 − y²)
  b.propagate(getInput(), g * (1.0 - y * y));
}

void SigmoidOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  // dx = g · y · (1 − y)
  b.propagate(getInput(), g * y * (1.0 - y));
}

void SoftplusOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g · σ(x)
  b.propagate(x, g * b.create<SigmoidOp>(x));
}

void ErfOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g · 2/√π · exp(−x²)
  b.propagate(x, g * (2.0 * std::numbers::inv_sqrtpi) * b.create<ExpOp>(-(x * x)));
}

void SinOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = g · cos(x)
  b.propagate(x, g * b.create<CosOp>(x));
}

void CosOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), x = b.operand(0);
  // dx = −g · sin(x)
  b.propagate(x, -(g * b.create<SinOp>(x)));
}

void AddOp::buildGradient(GradientBuilder &b) {
  // da = g
  b.propagate(getLhs(), b.cotangent());
  // db = g
  b.propagate(getRhs(), b.cotangent());
}

void SubOp::buildGradient(GradientBuilder &b) {
  // da = g
  b.propagate(getLhs(), b.cotangent());
  // db = −g
  if (b.wanted(getRhs()))
    b.propagate(getRhs(), -b.cotangent());
}

void MulOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1);
  // da = g · b
  if (b.wanted(lhs))
    b.propagate(lhs, g * rhs);
  // db = g · a
  if (b.wanted(rhs))
    b.propagate(rhs, g * lhs);
}

void DivOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1), y = b.result();
  // da = g / b
  if (b.wanted(lhs))
    b.propagate(lhs, g / rhs);
  // db = −g · y / b
  if (b.wanted(rhs))
    b.propagate(rhs, -(g * y / rhs));
}

void RemOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1), y = b.result();
  // da = g
  b.propagate(lhs, g);
  // db = −g · trunc(a / b), and trunc(a / b) = round((a − y) / b)
  if (b.wanted(rhs))
    b.propagate(rhs, -(g * b.create<RoundOp>((lhs - y) / rhs)));
}

void PowOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1), y = b.result();
  // da = g · b · a^(b − 1), and 0 where b = 0
  if (b.wanted(lhs)) {
    Term constant = equal(rhs, 0.0);
    Term slope = rhs * b.create<PowOp>(lhs, select(constant, 1.0, rhs - 1.0));
    b.propagate(lhs, g * slope);
  }
  // db = g · y · ln(a), and 0 where a = 0
  if (b.wanted(rhs))
    b.propagate(rhs, g * y * b.create<LogOp>(select(equal(lhs, 0.0), 1.0, lhs)));
}

void Atan2Op::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1);
  // da = g · b / (a² + b²), db = −g · a / (a² + b²)
  Term scaled = g / (lhs * lhs + rhs * rhs);
  if (b.wanted(lhs))
    b.propagate(lhs, scaled * rhs);
  if (b.wanted(rhs))
    b.propagate(rhs, -(scaled * lhs));
}

namespace {

/// Maximum and minimum: the operand that was taken gets g, equal ones half of it each.
void propagateToChosen(GradientBuilder &b) {
  Term g = b.cotangent(), lhs = b.operand(0), rhs = b.operand(1), y = b.result();
  Term share = select(equal(lhs, rhs), g * 0.5, g);
  for (Term x : {lhs, rhs})
    if (b.wanted(x))
      b.propagate(x, select(equal(x, y), share, 0.0));
}

} // namespace

void MaximumOp::buildGradient(GradientBuilder &b) {
  // da = g · [a = y] / (1 + [a = b]), db alike
  propagateToChosen(b);
}

void MinimumOp::buildGradient(GradientBuilder &b) {
  // da = g · [a = y] / (1 + [a = b]), db alike
  propagateToChosen(b);
}

void SelectOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), condition = b.operand(0);
  // da = g where the condition holds, else 0
  if (b.wanted(getLhs()))
    b.propagate(getLhs(), select(condition, g, 0.0));
  // db = 0 where the condition holds, else g
  if (b.wanted(getRhs()))
    b.propagate(getRhs(), select(condition, 0.0, g));
}

void CastOp::buildGradient(GradientBuilder &b) {
  // dx = g in the element type of x
  b.propagate(getInput(), b.create<CastOp>(b.cotangent(), TypeAttr::get(getInput().getType().getElementType())));
}

} // namespace mlir::lamina
