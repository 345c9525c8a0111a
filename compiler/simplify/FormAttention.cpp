// Finds softmax(query · keyᵀ · scale + bias, where a mask holds) · value among the operations of a function and makes
// it one lamina.attention where the scores are many. Runs before derivatives are taken: the op has one of its own.

#include "compiler/Passes.h"
#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_FORMATTENTIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// Scores of one head that are fewer stay whole: they fit a cache and take fewer steps. An open length may be any.
constexpr int64_t fewScores = 1024 * 1024, fewQueries = 32;

bool isWorthwhile(int64_t queries, int64_t keys) {
  bool open = ShapedType::isDynamic(queries) || ShapedType::isDynamic(keys);
  return (ShapedType::isDynamic(queries) || queries >= fewQueries) && (open || queries * keys >= fewScores);
}

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

std::optional<double> splatOf(Value value) {
  SplatElementsAttr splat;
  if (!matchPattern(value, m_Constant(&splat)) || !isa<FloatType>(splat.getElementType()))
    return std::nullopt;
  return splat.getSplatValue<APFloat>().convertToDouble();
}

/// A reduction over the last axis, which stays.
ReduceOp reductionOfRows(Value value, ArrayRef<ReduceKind> kinds) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || !llvm::is_contained(kinds, reduce.getKind()) || !reduce.getKeepdims() || reduce.getAxes().size() != 1)
    return {};
  RankedTensorType type = typeOf(reduce.getInput());
  return normalizeAxis(reduce.getAxes()[0], type) == type.getRank() - 1 ? reduce : ReduceOp();
}

/// x, if nothing but a product reads `weights` = exp(x - max x) / Σ exp(x - max x).
Value scoresOf(Value weights) {
  auto div = weights.getDefiningOp<DivOp>();
  auto exp = div ? div.getLhs().getDefiningOp<ExpOp>() : ExpOp();
  auto sub = exp ? exp.getInput().getDefiningOp<SubOp>() : SubOp();
  if (!sub || !weights.hasOneUse() || !exp.getResult().hasNUses(2) || !sub->hasOneUse())
    return {};
  ReduceOp sum = reductionOfRows(div.getRhs(), ReduceKind::sum);
  Value top = sub.getRhs();
  if (auto stop = top.getDefiningOp<StopGradientOp>())
    top = stop.getInput();
  ReduceOp maximum = reductionOfRows(top, {ReduceKind::max, ReduceKind::maxnum});
  Value scores = sub.getLhs();
  if (!sum || sum.getInput() != exp || !maximum || maximum.getInput() != scores || !scores.hasNUses(2) ||
      scores.getType() != weights.getType())
    return {};
  return scores;
}

class Former {
public:
  Former(DotGeneralOp combine, const DenseSet<Value> &active) : combine(combine), active(active), builder(combine) {}

  bool run() {
    Value weights = combine.getLhs();
    int64_t rank = typeOf(weights).getRank();
    if (rank < 2 || !isa<Float32Type, Float64Type>(typeOf(weights).getElementType()))
      return false;
    for (int64_t axis = 0; axis < rank; ++axis)
      axes.push_back(axis);
    // Each query has its own row of weights, the batch comes first.
    ArrayRef<int64_t> batching = combine.getLhsBatching();
    if (static_cast<int64_t>(batching.size()) != rank - 2 || !llvm::equal(batching, ArrayRef(axes).drop_back(2)) ||
        combine.getLhsContracting() != ArrayRef(rank - 1) || typeOf(combine.getRhs()).getRank() != rank)
      return false;
    Value scores = scoresOf(weights);
    if (!scores || !isWorthwhile(typeOf(scores).getDimSize(rank - 2), typeOf(scores).getDimSize(rank - 1)) ||
        !follow(scores))
      return false;
    return write();
  }

private:
  bool follow(Value value);
  bool addTerm(Value term, bool negative);
  bool write();
  Value ofRank(Value value);
  /// The operand with its batch first, then the two axes.
  Value order(Value operand, ArrayRef<int64_t> batch, int64_t row, int64_t column);
  int64_t freeAxis(Value operand, ArrayRef<int64_t> batching, int64_t contracting);
  template <typename Op, typename... Args> Value create(Args &&...args) {
    return Op::create(builder, combine.getLoc(), std::forward<Args>(args)...)->getResult(0);
  }
  Value constant(double value, Type element) {
    auto type = RankedTensorType::get({}, element);
    return create<ConstantOp>(DenseElementsAttr::get(type, cast<Attribute>(builder.getFloatAttr(element, value))));
  }

  DotGeneralOp combine, product;
  const DenseSet<Value> &active;
  OpBuilder builder;
  /// Where the product has the axes of the scores.
  SmallVector<int64_t> axes;
  bool turned = false;
  struct Scale {
    Value value;
    bool divides;
  };
  SmallVector<Scale> scales;
  struct Term {
    Value value;
    bool negative = false;
    /// Where this holds the term is nothing.
    Value unless;
  };
  SmallVector<Term> terms;
  Value mask;
  double fill = 0;
};

bool Former::addTerm(Value term, bool negative) {
  if (!scales.empty() || turned || active.contains(term))
    return false;
  terms.push_back({term, negative, {}});
  return true;
}

/// Follows the scores back to the product, outermost first: a mask, terms, scales.
bool Former::follow(Value value) {
  auto goOn = [&](Value next) {
    return next.getType() == value.getType() && (next.hasOneUse() || next == value) && follow(next);
  };
  auto isScalar = [&](Value scale) {
    return typeOf(scale).getRank() <= typeOf(value).getRank() &&
           llvm::all_of(typeOf(scale).getShape(), [](int64_t size) { return size == 1; });
  };
  Operation *op = value.getDefiningOp();
  if (auto dot = dyn_cast_or_null<DotGeneralOp>(op)) {
    product = dot;
    return true;
  }
  if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
    for (int64_t &axis : axes)
      axis = transpose.getPermutation()[axis];
    turned = true;
    return transpose.getInput().hasOneUse() && follow(transpose.getInput());
  }
  if (auto mul = dyn_cast_or_null<MulOp>(op)) {
    bool left = isScalar(mul.getLhs());
    if (!left && !isScalar(mul.getRhs()))
      return false;
    scales.push_back({left ? mul.getLhs() : mul.getRhs(), false});
    return goOn(left ? mul.getRhs() : mul.getLhs());
  }
  if (auto div = dyn_cast_or_null<DivOp>(op); div && isScalar(div.getRhs())) {
    scales.push_back({div.getRhs(), true});
    return goOn(div.getLhs());
  }
  if (auto add = dyn_cast_or_null<AddOp>(op)) {
    // The term is what does not come from a product of this size.
    auto comesFromProduct = [](Value side) {
      while (Operation *def = side.getDefiningOp()) {
        if (isa<DotGeneralOp>(def))
          return true;
        if (!isa<MulOp, DivOp, AddOp, SubOp, SelectOp, TransposeOp>(def))
          return false;
        side = def->getOperand(isa<SelectOp>(def) ? 1 : 0);
      }
      return false;
    };
    bool left = add.getLhs().getType() == value.getType() && comesFromProduct(add.getLhs());
    return addTerm(left ? add.getRhs() : add.getLhs(), false) && goOn(left ? add.getLhs() : add.getRhs());
  }
  if (auto sub = dyn_cast_or_null<SubOp>(op))
    return addTerm(sub.getRhs(), true) && goOn(sub.getLhs());
  auto select = dyn_cast_or_null<SelectOp>(op);
  if (!select || !scales.empty() || turned || mask || !terms.empty())
    return false;
  if (std::optional<double> other = splatOf(select.getRhs())) {
    mask = select.getCondition();
    fill = *other;
    return goOn(select.getLhs());
  }
  // select(mask, s, s - c) adds -c to what is masked.
  auto sub = select.getRhs().getDefiningOp<SubOp>();
  if (!sub || sub.getLhs() != select.getLhs() || !splatOf(sub.getRhs()) || !sub->hasOneUse() ||
      !select.getLhs().hasNUses(2) || select.getLhs().getType() != value.getType())
    return false;
  terms.push_back({sub.getRhs(), true, select.getCondition()});
  return follow(select.getLhs());
}

/// With axes of one place in front.
Value Former::ofRank(Value value) {
  int64_t rank = axes.size(), own = typeOf(value).getRank();
  if (own == rank)
    return value;
  SmallVector<int64_t> shape(rank - own, 1);
  for (auto [axis, size] : llvm::enumerate(typeOf(value).getShape()))
    shape.push_back(ShapedType::isDynamic(size) ? dimOfInput(axis) : size);
  return create<ReshapeOp>(value, ValueRange(), builder.getDenseI64ArrayAttr(shape));
}

Value Former::order(Value operand, ArrayRef<int64_t> batch, int64_t row, int64_t column) {
  SmallVector<int64_t> permutation(batch);
  permutation.append({row, column});
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return operand;
  return create<TransposeOp>(operand, builder.getDenseI64ArrayAttr(permutation));
}

/// The one axis of `operand` that a product neither has in common nor sums over, or -1.
int64_t Former::freeAxis(Value operand, ArrayRef<int64_t> batching, int64_t contracting) {
  int64_t rank = typeOf(operand).getRank();
  if (rank != static_cast<int64_t>(axes.size()))
    return -1;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (axis != contracting && !llvm::is_contained(batching, axis))
      return axis;
  return -1;
}

bool Former::write() {
  int64_t rank = axes.size(), batch = rank - 2;
  if (static_cast<int64_t>(product.getLhsBatching().size()) != batch || product.getLhsContracting().size() != 1)
    return false;
  struct Side {
    Value value;
    SmallVector<int64_t> batching;
    int64_t contracting, free;
  };
  auto sideOf = [&](Value value, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting) {
    RankedTensorType type = typeOf(value);
    Side side{value, normalizeAxes(batching, type), normalizeAxis(contracting[0], type), 0};
    side.free = freeAxis(value, side.batching, side.contracting);
    return side;
  };
  Side query = sideOf(product.getLhs(), product.getLhsBatching(), product.getLhsContracting());
  Side key = sideOf(product.getRhs(), product.getRhsBatching(), product.getRhsContracting());
  Side value = sideOf(combine.getRhs(), combine.getRhsBatching(), combine.getRhsContracting());
  // The product has its left operand's free axis before its right one's.
  if (axes[rank - 1] == batch)
    std::swap(query, key);
  bool places = llvm::all_of(ArrayRef(axes).take_front(batch), [&](int64_t axis) { return axis < batch; });
  if (!places || query.free < 0 || key.free < 0 || value.free < 0)
    return false;
  auto ordered = [&](const Side &side) {
    return llvm::map_to_vector(ArrayRef(axes).take_front(batch), [&](int64_t axis) { return side.batching[axis]; });
  };
  Value q = order(query.value, ordered(query), query.free, query.contracting),
        k = order(key.value, ordered(key), key.free, key.contracting),
        v = order(value.value, value.batching, value.contracting, value.free);
  if (typeOf(q).getShape().take_front(batch) != typeOf(k).getShape().take_front(batch) ||
      typeOf(q).getShape().take_front(batch) != typeOf(v).getShape().take_front(batch))
    return false;
  for (Scale scale : llvm::reverse(scales))
    q = scale.divides ? create<DivOp>(q, scale.value) : create<MulOp>(q, scale.value);
  Value bias;
  for (const Term &term : terms) {
    Value next = term.negative ? create<NegOp>(term.value) : term.value;
    if (term.unless)
      next = create<SelectOp>(term.unless, constant(0.0, typeOf(next).getElementType()), next);
    bias = bias ? create<AddOp>(bias, next) : next;
  }
  if (bias)
    bias = ofRank(bias);
  if (mask)
    mask = ofRank(mask);
  auto attention = AttentionOp::create(builder, combine.getLoc(), q, k, v, bias, mask, builder.getF64FloatAttr(fill));
  if (attention.getResult().getType() != combine.getType())
    return attention.erase(), false;
  combine.replaceAllUsesWith(attention.getResult());
  return true;
}

struct FormAttentionPass : impl::FormAttentionPassBase<FormAttentionPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<DotGeneralOp> products;
    SmallVector<GradientOp> gradients;
    function.walk([&](DotGeneralOp op) {
      if (op->getParentOp() == function)
        products.push_back(op);
    });
    function.walk([&](GradientOp op) { gradients.push_back(op); });
    // The derivative has no derivative.
    if (products.empty() || gradients.size() > 1)
      return;
    DenseSet<Value> active;
    for (GradientOp gradient : gradients) {
      active.insert_range(gradient.getWrt());
      SmallVector<Operation *> ops;
      for (Operation &op : function.front())
        ops.push_back(&op);
      collectDependents(ops, active);
    }
    for (DotGeneralOp op : products)
      if (Former(op, active).run())
        op->erase();
  }
};

} // namespace
} // namespace mlir::lamina
