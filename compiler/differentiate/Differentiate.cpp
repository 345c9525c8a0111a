// Replaces every `lamina.gradient` by the ops that compute it, walking backwards from the losses to the values that it
// differentiates by. Afterwards no `lamina.gradient` and no op without a use is left.

#include "compiler/Passes.h"
#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"

namespace mlir::lamina {

#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "compiler/Passes.h.inc"

namespace {

LogicalResult expand(GradientOp gradient) {
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::make_range(gradient->getBlock()->begin(), gradient->getIterator()))
    ops.push_back(&op);
  DenseSet<Value> active(gradient.getWrt().begin(), gradient.getWrt().end());
  collectDependents(ops, active);

  OpBuilder builder(gradient);
  GradientBuilder backward(builder, gradient.getLoc(), active);
  for (auto [loss, cotangent] : llvm::zip(gradient.getLosses(), gradient.getCotangents()))
    if (active.contains(loss))
      backward.accumulate(loss, cotangent);
  if (failed(backward.backpropagate(ops)))
    return failure();

  SmallVector<Value> derivatives;
  for (Value value : gradient.getWrt())
    derivatives.push_back(backward.lookupOrZero(value, value));
  gradient->replaceAllUsesWith(derivatives);
  gradient->erase();
  backward.applyReplacements();
  return success();
}

struct DifferentiatePass : impl::DifferentiatePassBase<DifferentiatePass> {
  void runOnOperation() override {
    SmallVector<GradientOp> gradients;
    getOperation()->walk([&](GradientOp gradient) { gradients.push_back(gradient); });
    // In the order of the program, so that a derivative can be differentiated again.
    for (GradientOp gradient : gradients)
      if (failed(expand(gradient)))
        return signalPassFailure();
    if (gradients.empty())
      return markAllAnalysesPreserved();
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};

} // namespace

} // namespace mlir::lamina
