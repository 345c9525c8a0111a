#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

namespace mlir::lamina {

namespace {

void sumGradient(ReduceOp op, GradientBuilder &b) {
  Value g = b.expandReduced(b.cotangent(), op.getInput(), op.getAxes(), op.getKeepdims());
  // dx = g, for every element of the sum
  b.propagate(op.getInput(), b.broadcastLike(g, op.getInput()));
}

void prodGradient(ReduceOp op, GradientBuilder &b) {
  Term x = b.operand(0);
  Term g = b.expandReduced(b.cotangent(), x, op.getAxes(), op.getKeepdims());
  auto product = [&](Term factors) {
    return b.create<ReduceOp>(op.getKindAttr(), factors, op.getAxesAttr(), b.getBuilder().getBoolAttr(true));
  };
  Term isZero = equal(x, 0.0);
  Term zeros = b.sum(indicator(isZero, x), op.getAxes(), /*keepDims=*/true);
  // p = Π x over the elements that are not 0
  Term nonzero = select(isZero, 1.0, x);
  Term p = product(nonzero);
  // dx = g · Π of the other elements: p / x without zeros, p at the only zero, else 0
  Term others = select(isZero, select(equal(zeros, 1.0), p, 0.0), select(equal(zeros, 0.0), p, 0.0) / nonzero);
  b.propagate(x, g * others);
}

void extremumGradient(ReduceOp op, GradientBuilder &b) {
  Term x = b.operand(0);
  Term g = b.expandReduced(b.cotangent(), x, op.getAxes(), op.getKeepdims());
  Term y = b.expandReduced(b.result(), x, op.getAxes(), op.getKeepdims());
  Term chosen = equal(x, y);
  // n = number of elements equal to the extremum
  Term n = b.sum(indicator(chosen, x), op.getAxes(), /*keepDims=*/true);
  // dx = g / n where x is the extremum, else 0
  b.propagate(x, select(chosen, g / n, 0.0));
}

} // namespace

void ReduceOp::buildGradient(GradientBuilder &b) {
  switch (getKind()) {
  case ReduceKind::sum: return sumGradient(*this, b);
  case ReduceKind::prod: return prodGradient(*this, b);
  case ReduceKind::min:
  case ReduceKind::max:
  case ReduceKind::maxnum: return extremumGradient(*this, b);
  case ReduceKind::any:
  case ReduceKind::all: return;
  }
}

void CumsumOp::buildGradient(GradientBuilder &b) {
  // dxᵢ = Σ g over the running sums that hold xᵢ: the running sum from the other end
  b.propagate(getInput(), b.create<CumsumOp>(b.cotangent(), getAxisAttr(), getExclusiveAttr(),
                                             b.getBuilder().getBoolAttr(!getReverse())));
}

} // namespace mlir::lamina
