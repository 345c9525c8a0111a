// Turns the small structured operations that tiling leaves into vector operations. Guarantees that accumulators are
// carried by loops as vectors and that epilogues read them from registers.

#include "compiler/Cleanup.h"
#include "compiler/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_VECTORIZEPASS
#include "compiler/Passes.h.inc"

namespace {

/// More elements than this are no register tile: such an operation stays structured and becomes loops.
constexpr int64_t maxVectorElements = 4096;

/// The static size, or upper bound, of each loop; empty when one is unbounded.
SmallVector<int64_t> loopBounds(linalg::LinalgOp op) {
  SmallVector<int64_t> bounds = op.getStaticLoopRanges();
  for (auto [loop, bound] : llvm::enumerate(bounds)) {
    if (!ShapedType::isDynamic(bound))
      continue;
    FailureOr<int64_t> upper = failure();
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      for (auto [axis, expr] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
        if (expr == getAffineDimExpr(loop, op.getContext()) && failed(upper))
          upper = ValueBoundsConstraintSet::computeConstantBound(
              presburger::BoundType::UB, ValueBoundsConstraintSet::Variable(operand.get(), axis), nullptr,
              {/*closedUB=*/true});
    }
    if (failed(upper))
      return {};
    bound = *upper;
  }
  return bounds;
}

void canonicalize(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  populateCleanupPatterns(patterns);
  tensor::populateMergeConsecutiveInsertExtractSlicePatterns(patterns);
  (void)applyPatternsGreedily(function, std::move(patterns));
}

struct VectorizePass : impl::VectorizePassBase<VectorizePass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->hasAttr("lamina.kernel"))
      return;
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> ops;
    function.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      SmallVector<int64_t> bounds = loopBounds(op);
      // Scalars, and what has no bound, become plain loops.
      if (bounds.empty())
        continue;
      int64_t elements = 1;
      for (int64_t bound : bounds)
        elements *= bound;
      if (elements == 0 || elements > maxVectorElements)
        continue;
      bool open = ShapedType::isDynamicShape(op.getStaticLoopRanges());
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::VectorizationResult> result =
          linalg::vectorize(rewriter, op, open ? ArrayRef<int64_t>(bounds) : ArrayRef<int64_t>(),
                            SmallVector<bool>(open ? bounds.size() : 0, false), /*vectorizeNDExtract=*/true);
      if (succeeded(result))
        rewriter.replaceOp(op, result->replacements);
    }
    RewritePatternSet contractions(&getContext());
    vector::populateVectorReductionToContractPatterns(contractions);
    vector::populateVectorTransferPermutationMapLoweringPatterns(contractions);
    vector::populateSinkVectorOpsPatterns(contractions);
    (void)applyPatternsGreedily(function, std::move(contractions));
    canonicalize(function);

    function.walk([](LoopLikeOpInterface loop) { moveLoopInvariantCode(loop); });
    function.walk([&](scf::ForOp loop) { (void)hoistLoopInvariantSubsets(rewriter, loop); });
    canonicalize(function);
    DominanceInfo dominance(function);
    eliminateCommonSubExpressions(rewriter, dominance, function);
  }
};

} // namespace
} // namespace mlir::lamina
