// Merges elementwise operations into the elementwise and reducing operations that read them. Guarantees that no value
// is computed twice and that contractions and windows keep plain operands.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "compiler/Passes.h.inc"

namespace {

bool isElementwise(linalg::GenericOp op) { return op.getNumReductionLoops() == 0; }

// True when reading the operand visits each of its elements once.
bool readsOnce(OpOperand *operand) {
  auto consumer = cast<linalg::GenericOp>(operand->getOwner());
  return consumer.getMatchingIndexingMap(operand).isPermutation();
}

// Other readers must come later than the consumer: they take the value from the fused operation.
bool othersComeLater(Operation *producer, Operation *consumer) {
  return llvm::all_of(producer->getUsers(), [&](Operation *user) {
    if (user == consumer)
      return true;
    Operation *ancestor = consumer->getBlock()->findAncestorOpInBlock(*user);
    return ancestor && consumer->isBeforeInBlock(ancestor);
  });
}

bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || producer->getBlock() != consumer->getBlock() || !isElementwise(producer) ||
      !consumer.isDpsInput(operand) || !linalg::areElementwiseOpsFusable(operand))
    return false;
  if (!readsOnce(operand))
    return false;
  // A reduction takes a producer that nobody else reads: as an extra result it would keep others from the same row.
  if (!isElementwise(consumer) && (isContraction(consumer) || !producer->hasOneUse()))
    return false;
  // So does a value a row that other readers repeat along it.
  if (!producer->hasOneUse() && llvm::any_of(producer->getUses(), [](OpOperand &use) {
        auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
        return reader && !readsOnce(&use) && reader.isDpsInput(&use);
      }))
    return false;
  // A value read twice is first read once (equal accesses are merged), or stays apart.
  if (llvm::count_if(consumer->getOperands(), [&](Value v) { return v.getDefiningOp() == producer; }) != 1)
    return false;
  return othersComeLater(producer, consumer);
}

// True when the operation also reads what the rows of this input were reduced to: so will the readers of its result,
// which then walk the same rows.
bool readsOwnReduction(linalg::GenericOp op, OpOperand *input) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *other) {
    auto reduction = other->get().getDefiningOp<linalg::GenericOp>();
    return reduction && !isElementwise(reduction) && llvm::is_contained(reduction.getDpsInputs(), input->get());
  });
}

// A step of arithmetic on one tensor, and on what is broadcast over it, costs its readers no more than its result
// would: it reads as many bytes. Results of contractions keep their epilogue.
bool isCheap(linalg::GenericOp op) {
  constexpr size_t fewOps = 3;
  if (!isElementwise(op) || op->getNumResults() != 1 || op.getBody()->getOperations().size() > fewOps ||
      !llvm::all_of(op.getBody()->without_terminator(),
                    [](Operation &inner) { return isa<arith::ArithDialect>(inner.getDialect()); }))
    return false;
  int64_t loops = op.getNumLoops(), whole = 0;
  unsigned bits = getElementTypeOrSelf(op->getResult(0)).getIntOrFloatBitWidth();
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (op.getMatchingIndexingMap(input).getNumResults() < loops)
      continue;
    auto source = input->get().getDefiningOp<linalg::LinalgOp>();
    bool reads = getElementTypeOrSelf(input->get()).getIntOrFloatBitWidth() <= bits || readsOwnReduction(op, input);
    if (++whole > 1 || !reads || (source && isContraction(source)))
      return false;
  }
  return true;
}

/// Gives every reader of a cheap value one of its own, into which it then merges.
struct CopyCheapProducer : OpRewritePattern<linalg::GenericOp> {
  CopyCheapProducer(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(linalg::GenericOp producer, PatternRewriter &rewriter) const override {
    if (!isCheap(producer) || producer->use_empty() || producer->hasOneUse())
      return failure();
    for (OpOperand &use : producer->getUses()) {
      auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (!consumer || consumer->getBlock() != producer->getBlock() || !consumer.isDpsInput(&use) || !readsOnce(&use) ||
          isContraction(consumer) || llvm::count(consumer->getOperands(), producer->getResult(0)) != 1)
        return failure();
    }
    for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(producer->getUses()))) {
      rewriter.setInsertionPoint(use.getOwner());
      Operation *copy = rewriter.clone(*producer);
      rewriter.modifyOpInPlace(use.getOwner(), [&] { use.set(copy->getResult(0)); });
    }
    return success();
  }
};

struct FuseProducer : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp consumer, PatternRewriter &rewriter) const override {
    for (OpOperand &operand : consumer->getOpOperands()) {
      if (!shouldFuse(&operand))
        continue;
      Operation *producer = operand.get().getDefiningOp();
      FailureOr<linalg::ElementwiseOpFusionResult> fused = linalg::fuseElementwiseOps(rewriter, &operand);
      if (failed(fused))
        continue;
      for (auto [value, replacement] : fused->replacements)
        rewriter.replaceUsesWithIf(value, replacement, [&](OpOperand &use) { return use.getOwner() != consumer; });
      rewriter.eraseOp(consumer);
      if (isOpTriviallyDead(producer))
        rewriter.eraseOp(producer);
      return success();
    }
    return failure();
  }
};

/// An operand that is one repeated value is that value.
struct InlineFill : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto fill = input->get().getDefiningOp<linalg::FillOp>();
      BlockArgument argument = op.getMatchingBlockArgument(input);
      if (!fill || argument.use_empty())
        continue;
      rewriter.modifyOpInPlace(op, [&] { argument.replaceAllUsesWith(fill.getInputs()[0]); });
      return success();
    }
    return failure();
  }
};

struct FuseElementwisePass : impl::FuseElementwisePassBase<FuseElementwisePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CopyCheapProducer, FuseProducer, InlineFill>(&getContext());
    // What follows a product of merged axes joins it in its shape.
    linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns, [](OpOperand *fused) {
      // Of a scalar no axis would be left that a pad could widen.
      auto expand = fused->get().getDefiningOp<tensor::ExpandShapeOp>();
      return expand && expand.getSrcType().getRank() > 0 && fused->get().hasOneUse();
    });
    tensor::populateFoldTensorEmptyPatterns(patterns);
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::populateInlineConstantOperandsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::lamina
