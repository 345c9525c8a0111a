// Breaks vectors of a bufferized kernel down to rows of one register tile, plain loads and stores.

#include "compiler/Passes.h"
#include "compiler/vectorize/ContractionUnits.h"
#include "compiler/vectorize/Extremes.h"
#include "compiler/vectorize/RowReductions.h"
#include "compiler/vectorize/SplitVectors.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_LOWERVECTORSPASS
#include "compiler/Passes.h.inc"

namespace {

// Unrolling takes a mask's axes to be the vector's, which they are not where a read permutes.
void sortMaskedReads(func::FuncOp function) {
  SmallVector<Operation *> permuted;
  function.walk([&](vector::TransferReadOp op) {
    if (op.getMask() && !op.getPermutationMap().isMinorIdentityWithBroadcasting())
      permuted.push_back(op);
  });
  RewritePatternSet patterns(function.getContext());
  vector::populateVectorTransferPermutationMapLoweringPatterns(patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  vector::populateVectorTransposeLoweringPatterns(patterns, vector::VectorTransposeLowering::Shuffle16x16);
  vector::populateVectorShapeCastLoweringPatterns(patterns);
  (void)applyOpPatternsGreedily(permuted, std::move(patterns));
}

struct LowerVectorsPass : impl::LowerVectorsPassBase<LowerVectorsPass> {
  using LowerVectorsPassBase::LowerVectorsPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    MLIRContext *context = &getContext();
    IRRewriter rewriter(context);

    // What was too large for vectors, or no computation at all.
    SmallVector<linalg::LinalgOp> loops;
    function.walk([&](linalg::LinalgOp op) { loops.push_back(op); });
    for (linalg::LinalgOp op : loops) {
      rewriter.setInsertionPoint(op);
      if (failed(linalg::linalgOpToLoops(rewriter, op)))
        return signalPassFailure();
      rewriter.eraseOp(op);
    }

    // Axes of one element behind the columns would be taken apart element by element. Upstream's patterns do not keep
    // masks in step with what they mask.
    if (!function.walk([](vector::MaskOp) { return WalkResult::interrupt(); }).wasInterrupted()) {
      RewritePatternSet patterns(context);
      vector::populateDropUnitDimWithShapeCastPatterns(patterns);
      (void)applyPatternsGreedily(function, std::move(patterns));
    }
    {
      RewritePatternSet patterns(context);
      populateContractionUnitPatterns(patterns);
      (void)applyPatternsGreedily(function, std::move(patterns));
    }
    splitVectors(function, vectorBytes / 4, registers / 4);
    {
      RewritePatternSet patterns(context);
      populateRowReductionPatterns(patterns);
      (void)applyPatternsGreedily(function, std::move(patterns));
    }
    {
      RewritePatternSet patterns(context);
      vector::populateVectorContractLoweringPatterns(patterns, vector::VectorContractLowering::OuterProduct);
      vector::populateVectorOuterProductLoweringPatterns(patterns);
      vector::populateVectorMultiReductionLoweringPatterns(patterns,
                                                           vector::VectorMultiReductionLowering::InnerParallel);
      vector::populateVectorBroadcastLoweringPatterns(patterns);
      vector::populateVectorTransposeLoweringPatterns(patterns, vector::VectorTransposeLowering::Shuffle16x16);
      vector::populateVectorShapeCastLoweringPatterns(patterns);
      vector::populateVectorMaskOpLoweringPatterns(patterns);
      vector::populateVectorMaskLoweringPatternsForSideEffectingOps(patterns);
      vector::populateVectorGatherLoweringPatterns(patterns);
      vector::populateVectorStepLoweringPatterns(patterns);
      memref::populateFoldMemRefAliasOpPatterns(patterns);
      (void)applyPatternsGreedily(function, std::move(patterns));
    }
    sortMaskedReads(function);
    // What vectorization has lost. Sums that come from contractions are trees as those of rows are, not chains; no
    // extreme tells zeros apart.
    function.walk([](Operation *op) {
      if (auto sum = dyn_cast<vector::ReductionOp>(op); sum && isa<FloatType>(sum.getDest().getType()))
        sum.setFastmath(sum.getFastmath() | arith::FastMathFlags::reassoc);
      else if (auto max = dyn_cast<arith::MaximumFOp>(op))
        max.setFastmath(max.getFastmath() | arith::FastMathFlags::nsz);
      else if (auto min = dyn_cast<arith::MinimumFOp>(op))
        min.setFastmath(min.getFastmath() | arith::FastMathFlags::nsz);
    });
    {
      RewritePatternSet patterns(context);
      VectorTransferToSCFOptions options;
      options.enableFullUnroll();
      populateVectorToSCFConversionPatterns(patterns, options);
      vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
      memref::populateFoldMemRefAliasOpPatterns(patterns);
      (void)applyPatternsGreedily(function, std::move(patterns));
    }
    expandExtremes(function);
  }
};

} // namespace
} // namespace mlir::lamina
