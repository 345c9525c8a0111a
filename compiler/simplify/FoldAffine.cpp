// Batch normalization and its like: y = base · a + b, where base is a convolution or contraction with a kernel, and
// kernel, a and b depend on weights alone, becomes one op with the kernel scaled, and one bias. What depends on weights
// alone is computed once, before the first call.

#include "compiler/simplify/Simplify.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::lamina {
namespace {

// Which values depend on `weight` arguments and constants alone.
class Prepared {
public:
  explicit Prepared(func::FuncOp function) : function(function) {}

  bool contains(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    return known[value] = compute(value);
  }

  // Before its op is erased: another value may come to stand at the same address.
  void forget(Value value) { known.erase(value); }

private:
  bool compute(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner()->getParentOp() != function)
        return false;
      auto kind = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "lamina.kind");
      return kind && kind.getValue() == "weight";
    }
    Operation *op = value.getDefiningOp();
    return op->getNumRegions() == 0 && isPure(op) &&
           llvm::all_of(op->getOperands(), [&](Value v) { return contains(v); });
  }

  func::FuncOp function;
  DenseMap<Value, bool> known;
};

// One op of the chain from the base to its last scale or shift.
struct Step {
  Operation *op;
  // The operand that depends on weights, none for neg.
  Value weight;
  // Whether the chain is the left operand.
  bool isLeft = true;
};

// The kernel operand of a base, or null.
OpOperand *kernelOf(Operation *op) {
  if (isa<ConvOp, ConvTransposeOp, DotGeneralOp>(op))
    return &op->getOpOperand(1);
  return nullptr;
}

struct Chain {
  Operation *base = nullptr;
  SmallVector<Step> steps; // from the base on
};

// The step that `op` is, if it keeps the shape of its chain operand.
std::optional<Step> asStep(Operation *op, Prepared &prepared) {
  if (auto neg = dyn_cast<NegOp>(op))
    return Step{op, {}, true};
  if (!isa<AddOp, SubOp, MulOp, DivOp>(op))
    return std::nullopt;
  Type type = op->getResult(0).getType();
  for (unsigned side : {0u, 1u}) {
    Value chain = op->getOperand(side), weight = op->getOperand(1 - side);
    bool reciprocal = isa<DivOp>(op) && side == 1;
    if (!reciprocal && chain.getType() == type && prepared.contains(weight) && !prepared.contains(chain))
      return Step{op, weight, side == 0};
  }
  return std::nullopt;
}

Chain findChain(Operation *last, Prepared &prepared) {
  Chain chain;
  Operation *op = last;
  while (std::optional<Step> step = asStep(op, prepared)) {
    chain.steps.push_back(*step);
    Operation *next = op->getOperand(step->isLeft ? 0 : 1).getDefiningOp();
    if (!next || !next->hasOneUse() || next->getBlock() != op->getBlock())
      return {};
    if (OpOperand *kernel = kernelOf(next)) {
      if (prepared.contains(kernel->get()) && !prepared.contains(next->getOperand(0)))
        chain.base = next;
      break;
    }
    op = next;
  }
  std::reverse(chain.steps.begin(), chain.steps.end());
  return chain;
}

// y = base · scale + shift; null is 1 and 0.
struct Affine {
  Value scale, shift;
};

Affine compose(ArrayRef<Step> steps, OpBuilder &builder) {
  Affine result;
  auto negate = [&](Location location, Value value) -> Value {
    return value ? Value(NegOp::create(builder, location, value)) : Value();
  };
  auto one = [&](Location location, Value like) -> Value {
    Type elementType = tensorType(like).getElementType();
    auto type = RankedTensorType::get({}, elementType);
    return ConstantOp::create(builder, location,
                              DenseElementsAttr::get(type, builder.getFloatAttr(elementType, 1.0).getValue()));
  };
  for (const Step &step : steps) {
    Location location = step.op->getLoc();
    Value weight = step.weight;
    if (isa<AddOp>(step.op)) {
      result.shift = result.shift ? Value(AddOp::create(builder, location, result.shift, weight)) : weight;
    } else if (isa<SubOp>(step.op) && step.isLeft) {
      result.shift =
          result.shift ? Value(SubOp::create(builder, location, result.shift, weight)) : negate(location, weight);
    } else if (isa<SubOp>(step.op)) {
      // w - (base · a + b) = base · (-a) + (w - b)
      result.scale = result.scale ? negate(location, result.scale) : negate(location, one(location, weight));
      result.shift = result.shift ? Value(SubOp::create(builder, location, weight, result.shift)) : weight;
    } else if (isa<MulOp>(step.op)) {
      result.scale = result.scale ? Value(MulOp::create(builder, location, result.scale, weight)) : weight;
      if (result.shift)
        result.shift = MulOp::create(builder, location, result.shift, weight);
    } else if (isa<DivOp>(step.op)) {
      Value scale = result.scale ? result.scale : one(location, weight);
      result.scale = DivOp::create(builder, location, scale, weight);
      if (result.shift)
        result.shift = DivOp::create(builder, location, result.shift, weight);
    } else {
      result.scale =
          result.scale ? negate(location, result.scale) : negate(location, one(location, step.op->getOperand(0)));
      result.shift = negate(location, result.shift);
    }
  }
  return result;
}

// Drops leading dimensions of size 1.
Value withRank(OpBuilder &builder, Location location, Value value, size_t rank) {
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  while (shape.size() > rank && shape.front() == 1)
    shape = shape.drop_front();
  if (shape.size() > rank || ShapedType::isDynamicShape(shape))
    return {};
  if (shape.size() == static_cast<size_t>(tensorType(value).getRank()))
    return value;
  return ReshapeOp::create(builder, location, value, ValueRange(), shape);
}

// The number of trailing kernel axes that are trailing axes of the result in the same order; the result's other axes do
// not come from the kernel.
std::optional<size_t> sharedAxes(Operation *base) {
  if (isa<ConvOp>(base))
    return 1;
  auto dot = dyn_cast<DotGeneralOp>(base);
  if (!dot)
    return std::nullopt;
  RankedTensorType rhs = tensorType(dot.getRhs());
  SmallVector<int64_t> used = normalizeAxes(dot.getRhsContracting(), rhs);
  llvm::append_range(used, normalizeAxes(dot.getRhsBatching(), rhs));
  size_t free = rhs.getRank() - used.size();
  for (int64_t axis : used)
    if (axis >= static_cast<int64_t>(used.size()))
      return std::nullopt;
  return free;
}

// The kernel times the scale, or null if the scale does not act on the kernel's own axes.
Value scaleKernel(Operation *base, Value scale, OpBuilder &builder) {
  Location location = base->getLoc();
  Value kernel = kernelOf(base)->get();
  if (auto transposed = dyn_cast<ConvTransposeOp>(base)) {
    // The result's channels are the last but one axis of the kernel.
    if (transposed.getGroups() != 1)
      return {};
    scale = withRank(builder, location, scale, 1);
    if (scale && tensorType(scale).getRank() == 1)
      scale = ReshapeOp::create(builder, location, scale, ValueRange(),
                                ArrayRef<int64_t>{tensorType(scale).getDimSize(0), 1});
  } else {
    std::optional<size_t> axes = sharedAxes(base);
    scale = axes ? withRank(builder, location, scale, *axes) : Value();
  }
  if (!scale)
    return {};
  SmallVector<Type> types;
  if (failed(MulOp::inferReturnTypes(builder.getContext(), std::nullopt, {kernel, scale}, {}, nullptr, {}, types)) ||
      types.front() != kernel.getType())
    return {};
  return MulOp::create(builder, location, kernel, scale);
}

bool foldChain(const Chain &chain, Prepared &prepared) {
  Operation *last = chain.steps.back().op;
  bool scales = llvm::any_of(
      chain.steps, [](const Step &step) { return !isa<AddOp>(step.op) && !(isa<SubOp>(step.op) && step.isLeft); });
  if (!scales && chain.steps.size() < 2)
    return false;
  OpBuilder builder(last);
  Operation *before = last->getPrevNode();
  auto undo = [&] {
    while (last->getPrevNode() != before)
      last->getPrevNode()->erase();
    return false;
  };
  Affine affine = compose(chain.steps, builder);
  Operation *base = builder.clone(*chain.base);
  if (affine.scale) {
    builder.setInsertionPoint(base);
    Value kernel = scaleKernel(base, affine.scale, builder);
    if (!kernel)
      return undo();
    kernelOf(base)->set(kernel);
    builder.setInsertionPoint(last);
  }
  Value result = base->getResult(0);
  if (affine.shift)
    result = AddOp::create(builder, last->getLoc(), result, affine.shift);
  if (result.getType() != last->getResult(0).getType())
    return undo();
  last->replaceAllUsesWith(ValueRange(result));
  auto erase = [&](Operation *op) {
    prepared.forget(op->getResult(0));
    op->erase();
  };
  for (const Step &step : llvm::reverse(chain.steps))
    erase(step.op);
  erase(chain.base);
  return true;
}

} // namespace

bool foldAffineIntoKernels(func::FuncOp function) {
  if (function.isExternal())
    return false;
  bool changed = false;
  Prepared prepared(function);
  Block &block = function.getBody().front();
  // From the end of the block on, so that the longest chain to a base comes first.
  for (Operation *op = &block.back(); op;) {
    Operation *next = op->getNextNode();
    bool isFloat = op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType()) &&
                   isa<FloatType>(tensorType(op->getResult(0)).getElementType());
    Chain chain = isFloat ? findChain(op, prepared) : Chain();
    if (chain.base && foldChain(chain, prepared)) {
      changed = true;
      op = next ? next->getPrevNode() : &block.back();
      continue;
    }
    op = op->getPrevNode();
  }
  return changed;
}

} // namespace mlir::lamina
