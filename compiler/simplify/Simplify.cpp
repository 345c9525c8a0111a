// Makes a function of lamina ops smaller: canonicalization, common subexpressions, algebra, and batch normalization
// folded into kernels. Afterwards no stop_gradient is left; derivatives must have been taken before.

#include "compiler/simplify/Simplify.h"

#include "compiler/Passes.h"
#include "dialects/lamina/LaminaDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::lamina {

#define GEN_PASS_DEF_SIMPLIFYPASS
#include "compiler/Passes.h.inc"

namespace {

struct SimplifyPass : impl::SimplifyPassBase<SimplifyPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet owned(context);
    // What stands in a function before it is lowered; the patterns of all dialects would take long to collect.
    for (RegisteredOperationName op : context->getRegisteredOperations())
      if (llvm::is_contained({"lamina", "arith", "tensor"}, op.getDialectNamespace()))
        op.getCanonicalizationPatterns(owned, context);
    populateAlgebraPatterns(owned);
    patterns = std::move(owned);
    return success();
  }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    rewrite(function);
    if (foldAffineIntoKernels(function))
      rewrite(function);
  }

  void rewrite(func::FuncOp function) {
    GreedyRewriteConfig config;
    // Patterns shrink or keep the function; stopping early leaves it correct.
    (void)applyPatternsGreedily(function, patterns, config);
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(function);
    eliminateCommonSubExpressions(rewriter, dominance, function);
  }

  FrozenRewritePatternSet patterns;
};

} // namespace

} // namespace mlir::lamina
