#include "Lowering.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::lamina {

#define GEN_PASS_DEF_CONVERTLAMINATOLINALGPASS
#include "compiler/Passes.h.inc"

int64_t normalAxis(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

SmallVector<int64_t> normalAxes(ArrayRef<int64_t> axes, int64_t rank) {
  return llvm::map_to_vector(axes, [&](int64_t axis) { return normalAxis(axis, rank); });
}

void replaceWith(PatternRewriter &rewriter, Operation *op, ValueRange values) {
  SmallVector<Value> cast;
  for (auto [value, type] : llvm::zip_equal(values, op->getResultTypes()))
    cast.push_back(isa<TensorType>(type) ? castTo(rewriter, op->getLoc(), value, type) : value);
  rewriter.replaceOp(op, cast);
}

namespace {

// One walk in the order of the code: a pattern sees its operands lowered. A scan's region comes before the scan.
class ConvertLaminaToLinalg final : public impl::ConvertLaminaToLinalgPassBase<ConvertLaminaToLinalg> {
public:
  using ConvertLaminaToLinalgPassBase::ConvertLaminaToLinalgPassBase;

  LogicalResult initialize(MLIRContext *context) final {
    RewritePatternSet set(context);
    populateAttentionPatterns(set);
    populateElementwisePatterns(set);
    populateContractionPatterns(set);
    populateReductionPatterns(set);
    populateWindowPatterns(set);
    populateWindowGradientPatterns(set);
    populateShapePatterns(set);
    populateShapeIndexingPatterns(set);
    populateRandomPatterns(set);
    populateRecurrentPatterns(set);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() final {
    Operation *root = getOperation();
    walkAndApplyPatterns(root, patterns);
    WalkResult left = root->walk([](Operation *op) {
      if (!isa_and_nonnull<LaminaDialect>(op->getDialect()))
        return WalkResult::advance();
      op->emitOpError("has no lowering to linalg");
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted())
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(root);
    eliminateCommonSubExpressions(rewriter, dominance, root);
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace mlir::lamina
