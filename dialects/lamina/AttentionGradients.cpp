#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

namespace mlir::lamina {

void AttentionOp::buildGradient(GradientBuilder &b) {
  Term g = b.cotangent(), y = b.result();
  if (getBias() && b.wanted(getBias()))
    return b.fail("has no derivative by its bias");
  // Σ p · dp over the keys of a query = Σ g · y over the columns, with y = p · value and dp = g · valueᵀ
  Term projection = b.sum(g * y, {y.getRank() - 1});
  // dx = p · (dp - Σ p · dp): dquery = dx · key, dkey = dxᵀ · query, dvalue = pᵀ · g
  auto gradient = AttentionGradientOp::create(b.getBuilder(), b.getLoc(), getQuery(), getKey(), getValue(), g,
                                              getMaximum(), getSum(), projection, getBias(), getMask(), getFillAttr());
  std::array<Value, 3> operands{getQuery(), getKey(), getValue()};
  for (auto [operand, cotangent] : llvm::zip_equal(operands, gradient.getResults()))
    if (b.wanted(operand))
      b.propagate(operand, cotangent);
}

} // namespace mlir::lamina
