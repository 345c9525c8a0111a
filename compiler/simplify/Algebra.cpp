// Algebraic rewrites that need no knowledge of weights.

#include "compiler/simplify/Simplify.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {
namespace {

// stop_gradient(x) → x
struct EraseStopGradient : OpRewritePattern<StopGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StopGradientOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

// A scalar or splat float constant.
bool isFloatSplat(Value value) {
  SplatElementsAttr splat;
  return matchPattern(value, m_Constant(&splat)) && isa<FloatType>(splat.getElementType());
}

// (x ∘ c1) ∘ c2 → x ∘ (c1 ∘ c2) for + and · with constants; the inner constants fold.
template <class Op> struct Reassociate : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto inner = op.getLhs().template getDefiningOp<Op>();
    if (!inner || !isFloatSplat(op.getRhs()) || !isFloatSplat(inner.getRhs()) || inner.getType() != op.getType())
      return failure();
    Value constants = rewriter.createOrFold<Op>(op.getLoc(), inner.getRhs(), op.getRhs());
    rewriter.replaceOpWithNewOp<Op>(op, op.getType(), inner.getLhs(), constants);
    return success();
  }
};

// x - c → x + (-c), which the above can join.
struct SubtractConstant : OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op, PatternRewriter &rewriter) const override {
    if (!isFloatSplat(op.getRhs()))
      return failure();
    Value negated = rewriter.createOrFold<NegOp>(op.getLoc(), op.getRhs());
    rewriter.replaceOpWithNewOp<AddOp>(op, op.getLhs(), negated);
    return success();
  }
};

// cast(cast(x)) → x, if the type between holds every value of the first.
struct CastThereAndBack : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<CastOp>();
    if (!inner || inner.getInput().getType() != op.getType())
      return failure();
    Type from = op.getType().getElementType(), between = inner.getType().getElementType();
    bool exact = from.isInteger(1);
    if (isa<FloatType>(from) && isa<FloatType>(between))
      exact = between.isF64() || (between.isF32() && !from.isF64());
    if (isa<IntegerType>(from) && isa<IntegerType>(between))
      exact |= between.getIntOrFloatBitWidth() >= from.getIntOrFloatBitWidth();
    if (!exact)
      return failure();
    rewriter.replaceOp(op, inner.getInput());
    return success();
  }
};

// f(broadcast_to(x), y) → f(x, y), where y has the shape already.
struct BroadcastOperand : RewritePattern {
  explicit BroadcastOperand(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || op->getNumOperands() < 2)
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      auto broadcast = operand.get().getDefiningOp<BroadcastToOp>();
      if (!broadcast)
        continue;
      SmallVector<Value> operands(op->getOperands());
      operands[operand.getOperandNumber()] = broadcast.getInput();
      SmallVector<Type> types;
      auto inference = cast<InferTypeOpInterface>(op);
      if (failed(inference.inferReturnTypes(op->getContext(), std::nullopt, operands,
                                            op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
                                            op->getRegions(), types)) ||
          types.front() != op->getResult(0).getType())
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(broadcast.getInput()); });
      return success();
    }
    return failure();
  }
};

// conv(pad(x, 0), k) → conv(x, k) with explicit padding
struct PadIntoConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    Window window = op.getWindowInfo();
    if (!pad || !pad.getValue().isZero() || window.mode == PaddingMode::same)
      return failure();
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    if (low.front() || low.back() || high.front() || high.back())
      return failure();
    SmallVector<int64_t> padding;
    for (unsigned axis = 0; axis < window.rank(); ++axis) {
      padding.push_back(low[axis + 1] + window.low[axis]);
      padding.push_back(high[axis + 1] + window.high[axis]);
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getInput());
      op.setPaddingAttr(rewriter.getDenseI64ArrayAttr(padding));
    });
    return success();
  }
};

// Σ exp(x - max x) along the same axes: at least 1, or NaN.
bool isSoftmaxSum(Value value) {
  auto sum = value.getDefiningOp<ReduceOp>();
  auto exp = sum && sum.getKind() == ReduceKind::sum ? sum.getInput().getDefiningOp<ExpOp>() : ExpOp();
  auto difference = exp ? exp.getInput().getDefiningOp<SubOp>() : SubOp();
  auto top = difference ? difference.getRhs().getDefiningOp<ReduceOp>() : ReduceOp();
  return top && (top.getKind() == ReduceKind::max || top.getKind() == ReduceKind::maxnum) &&
         top.getInput() == difference.getLhs() && top.getAxes() == sum.getAxes();
}

// x / s → x · (1 / s) for sums s of softmax: a division a row. Nothing overflows, as s is not small.
struct DivideOnceARow : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    if (op.getRhs().getType() == op.getType() || !isSoftmaxSum(op.getRhs()))
      return failure();
    Type element = op.getType().getElementType();
    Value one = ConstantOp::create(
        rewriter, op.getLoc(),
        DenseElementsAttr::get(RankedTensorType::get({}, element), rewriter.getFloatAttr(element, 1.0)));
    Value inverse = DivOp::create(rewriter, op.getLoc(), one, op.getRhs());
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getLhs(), inverse);
    return success();
  }
};

// Σ x · (1 / s) → (1 / s) · Σ x for sums s of softmax along the same axes, signs likewise.
struct ScaleSum : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != ReduceKind::sum || !op.getKeepdims())
      return failure();
    SmallVector<Value> inside, outside;
    bool negative = false;
    collect(op, op.getInput(), inside, outside, negative);
    if (outside.empty() || inside.empty())
      return failure();
    auto multiply = [&](Value x, Value y) { return MulOp::create(rewriter, op.getLoc(), x, y).getResult(); };
    Value product = inside.front();
    for (Value factor : llvm::drop_begin(inside))
      product = multiply(product, factor);
    if (product.getType() != op.getInput().getType())
      return failure();
    Value sum = ReduceOp::create(rewriter, op.getLoc(), op.getType(), product, op->getAttrs());
    for (Value factor : outside)
      sum = multiply(sum, factor);
    if (negative)
      sum = NegOp::create(rewriter, op.getLoc(), sum);
    rewriter.replaceOp(op, sum);
    return success();
  }

private:
  static void collect(ReduceOp op, Value value, SmallVector<Value> &inside, SmallVector<Value> &outside,
                      bool &negative) {
    if (auto neg = value.getDefiningOp<NegOp>()) {
      negative = !negative;
      return collect(op, neg.getInput(), inside, outside, negative);
    }
    if (auto mul = value.getDefiningOp<MulOp>()) {
      collect(op, mul.getLhs(), inside, outside, negative);
      return collect(op, mul.getRhs(), inside, outside, negative);
    }
    auto inverse = value.getDefiningOp<DivOp>();
    bool constant = inverse && isFloatSplat(inverse.getLhs()) && isSoftmaxSum(inverse.getRhs()) &&
                    inverse.getRhs().getDefiningOp<ReduceOp>().getAxes() == op.getAxes() &&
                    inverse.getType() == op.getType();
    (constant ? outside : inside).push_back(value);
  }
};

} // namespace

void populateAlgebraPatterns(RewritePatternSet &patterns) {
  patterns.add<EraseStopGradient, Reassociate<AddOp>, Reassociate<MulOp>, SubtractConstant, CastThereAndBack,
               BroadcastOperand, PadIntoConv, DivideOnceARow, ScaleSum>(patterns.getContext());
}

} // namespace mlir::lamina
