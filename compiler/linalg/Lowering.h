// What the families of the lowering share.
#pragma once

#include "Structured.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

void populateAttentionPatterns(RewritePatternSet &patterns);
void populateElementwisePatterns(RewritePatternSet &patterns);
void populateContractionPatterns(RewritePatternSet &patterns);
void populateReductionPatterns(RewritePatternSet &patterns);
void populateWindowPatterns(RewritePatternSet &patterns);
void populateWindowGradientPatterns(RewritePatternSet &patterns);
void populateShapePatterns(RewritePatternSet &patterns);
void populateShapeIndexingPatterns(RewritePatternSet &patterns);
void populateRandomPatterns(RewritePatternSet &patterns);
void populateRecurrentPatterns(RewritePatternSet &patterns);

using PointwiseBody = function_ref<Value(Scalar &, ValueRange)>;

// An elementwise computation over operands that broadcast to the result as numpy's do.
Value pointwise(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<Value> operands, PointwiseBody body);

// A reduction over some axes, which are kept with size 1 if wanted.
enum class Combine { Sum, Prod, Max, MaxNum, Min, Any, All };
TypedAttr identityOf(OpBuilder &b, Combine kind, Type type);
Value combine(Scalar &s, Combine kind, Value x, Value y);
Value reduction(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> axes, bool keepDims, Combine kind, Type element,
                function_ref<Value(Structured::Region &)> mapped);

Type accumulatorOf(Type element);
Value castElements(OpBuilder &b, Location loc, Value tensor, Type element);

// The sizes that a `shape` attribute stands for: static, the k-th of the input (-2 - k), or the next of the operands.
// An inferred one (-1) is left null.
SmallVector<OpFoldResult> resolveShape(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> input,
                                       ArrayRef<int64_t> shape, ValueRange dims);
// The same elements in another shape; one null size is inferred.
Value reshape(OpBuilder &b, Location loc, Value x, SmallVector<OpFoldResult> sizes);

// A loop over [0, count) that hands tensors on; `body` returns what the next iteration gets.
ValueRange loopOver(OpBuilder &b, Location loc, OpFoldResult count, ValueRange inits,
                    function_ref<SmallVector<Value>(OpBuilder &, Value position, ValueRange carried)> body);
// The value, written to the buffer of `destination`: how a loop hands on what it computed anew.
Value copyInto(OpBuilder &b, Location loc, Value value, Value destination);

// Axes may count from the end.
int64_t normalAxis(int64_t axis, int64_t rank);
SmallVector<int64_t> normalAxes(ArrayRef<int64_t> axes, int64_t rank);

// Replaces the op; values that know more of their shape are cast.
void replaceWith(PatternRewriter &rewriter, Operation *op, ValueRange values);

// An op whose lowering is one function of the op.
template <typename Op> class Lower : public OpRewritePattern<Op> {
public:
  using Function = llvm::FailureOr<Value> (*)(Op, PatternRewriter &);
  Lower(MLIRContext *context, Function function) : OpRewritePattern<Op>(context), function(function) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const final {
    FailureOr<Value> value = function(op, rewriter);
    if (failed(value))
      return failure();
    replaceWith(rewriter, op, *value);
    return success();
  }

private:
  Function function;
};

} // namespace mlir::lamina
