#include "dialects/lamina/GradientBuilder.h"

#include "dialects/lamina/LaminaOps.h"
#include "dialects/lamina/Locations.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::lamina {

namespace {

Term scalarLike(Term term, double value) { return term.getBuilder().constant(term.getType().getElementType(), value); }

} // namespace

Term operator+(Term lhs, Term rhs) { return lhs.getBuilder().create<AddOp>(lhs, rhs); }
Term operator-(Term lhs, Term rhs) { return lhs.getBuilder().create<SubOp>(lhs, rhs); }
Term operator*(Term lhs, Term rhs) { return lhs.getBuilder().create<MulOp>(lhs, rhs); }
Term operator/(Term lhs, Term rhs) { return lhs.getBuilder().create<DivOp>(lhs, rhs); }
Term operator-(Term term) { return term.getBuilder().create<NegOp>(term); }
Term operator+(Term lhs, double rhs) { return lhs + scalarLike(lhs, rhs); }
Term operator-(Term lhs, double rhs) { return lhs - scalarLike(lhs, rhs); }
Term operator-(double lhs, Term rhs) { return scalarLike(rhs, lhs) - rhs; }
Term operator*(Term lhs, double rhs) { return lhs * scalarLike(lhs, rhs); }
Term operator/(Term lhs, double rhs) { return lhs / scalarLike(lhs, rhs); }
Term operator/(double lhs, Term rhs) { return scalarLike(rhs, lhs) / rhs; }

Term compare(ComparePredicate predicate, Term lhs, Term rhs) {
  GradientBuilder &g = lhs.getBuilder();
  return g.create<CompareOp>(g.getBuilder().getStringAttr(stringifyComparePredicate(predicate)), lhs, rhs);
}
Term equal(Term lhs, Term rhs) { return compare(ComparePredicate::eq, lhs, rhs); }
Term equal(Term lhs, double rhs) { return equal(lhs, scalarLike(lhs, rhs)); }
Term greater(Term lhs, double rhs) { return compare(ComparePredicate::gt, lhs, scalarLike(lhs, rhs)); }
Term select(Term condition, Term lhs, Term rhs) { return lhs.getBuilder().create<SelectOp>(condition, lhs, rhs); }
Term select(Term condition, Term lhs, double rhs) { return select(condition, lhs, scalarLike(lhs, rhs)); }
Term select(Term condition, double lhs, Term rhs) { return select(condition, scalarLike(rhs, lhs), rhs); }
Term indicator(Term condition, Term like) {
  return condition.getBuilder().create<CastOp>(condition, TypeAttr::get(like.getType().getElementType()));
}

bool isDifferentiableType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  return llvm::map_to_vector(axes, [&](int64_t axis) { return axis < 0 ? axis + rank : axis; });
}

void collectDependents(ArrayRef<Operation *> ops, DenseSet<Value> &active) {
  auto isActive = [&](Value value) { return active.contains(value); };
  for (Operation *op : ops) {
    if (op->hasTrait<NonDifferentiable>())
      continue;
    bool depends = llvm::any_of(op->getOperands(), isActive);
    if (!depends && op->getNumRegions() > 0) {
      llvm::SetVector<Value> captured;
      getUsedValuesDefinedAbove(op->getRegions(), captured);
      depends = llvm::any_of(captured, isActive);
    }
    if (depends)
      for (Value result : op->getResults())
        if (isDifferentiableType(result.getType()))
          active.insert(result);
  }
}

void GradientBuilder::accumulate(Value value, Value cotangent) {
  Value &sum = cotangents[value];
  sum = sum ? Value(Term(*this, sum) + Term(*this, cotangent)) : cotangent;
}

LogicalResult GradientBuilder::backpropagate(ArrayRef<Operation *> ops) {
  for (Operation *current : llvm::reverse(ops)) {
    auto flowsBack = [&](Value result) { return wanted(result) && lookup(result); };
    if (llvm::none_of(current->getResults(), flowsBack))
      continue;
    op = current;
    location = gradientOf(current->getLoc());
    if (auto differentiable = dyn_cast<DifferentiableOpInterface>(current))
      differentiable.buildGradient(*this);
    else
      fail("has no gradient");
    if (failed)
      return failure();
  }
  return success();
}

Value GradientBuilder::lookupOrZero(Value value, Value like) {
  if (Value cotangent = lookup(value))
    return cotangent;
  return zeros(like);
}

void GradientBuilder::applyReplacements() {
  for (auto &[replaced, values] : replacements) {
    replaced->replaceAllUsesWith(values);
    replaced->erase();
  }
  replacements.clear();
}

Term GradientBuilder::cotangent(unsigned result) {
  Value found = lookup(op->getResult(result));
  return found ? Term(*this, found) : Term();
}

void GradientBuilder::propagate(Value value, Value cotangent) {
  if (!wanted(value))
    return;
  auto type = cast<RankedTensorType>(value.getType());
  Value reduced = reduceToShape(cotangent, type);
  if (reduced.getType() != type)
    reduced = tensor::CastOp::create(builder, location, type, reduced);
  accumulate(value, reduced);
}

void GradientBuilder::fail(const Twine &reason) {
  op->emitOpError(reason);
  failed = true;
}

Term GradientBuilder::constant(Type elementType, double value) {
  return create<ConstantOp>(splat(RankedTensorType::get({}, elementType), value));
}

Term GradientBuilder::filled(Value like, double value) {
  auto type = cast<RankedTensorType>(like.getType());
  if (type.hasStaticShape())
    return create<ConstantOp>(splat(type, value));
  return broadcastLike(constant(type.getElementType(), value), like);
}

std::pair<SmallVector<int64_t>, SmallVector<Value>> GradientBuilder::shapeOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Value> dims;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.isDynamicDim(axis))
      dims.push_back(dim(value, axis));
  return {llvm::to_vector(type.getShape()), dims};
}

Term GradientBuilder::broadcastLike(Value value, Value like) {
  if (cast<RankedTensorType>(value.getType()).getShape() == cast<RankedTensorType>(like.getType()).getShape())
    return {*this, value};
  auto [shape, dims] = shapeOf(like);
  return create<BroadcastToOp>(value, dims, builder.getDenseI64ArrayAttr(shape));
}

Term GradientBuilder::reshapeLike(Value value, Value like) {
  if (value.getType() == like.getType() && cast<RankedTensorType>(value.getType()).getNumDynamicDims() < 2)
    return {*this, value};
  auto [shape, dims] = shapeOf(like);
  return create<ReshapeOp>(value, dims, builder.getDenseI64ArrayAttr(shape));
}

Term GradientBuilder::sum(Value value, ArrayRef<int64_t> axes, bool keepDims) {
  if (axes.empty())
    return {*this, value};
  return create<ReduceOp>(builder.getStringAttr(stringifyReduceKind(ReduceKind::sum)), value,
                          builder.getDenseI64ArrayAttr(axes), builder.getBoolAttr(keepDims));
}

Term GradientBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return {*this, value};
  return create<TransposeOp>(value, builder.getDenseI64ArrayAttr(permutation));
}

Term GradientBuilder::expandReduced(Value reduced, Value input, ArrayRef<int64_t> axes, bool keepDims) {
  if (keepDims)
    return {*this, reduced};
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> reducedAxes = normalizeAxes(axes, type.getRank()), shape;
  int64_t kept = 0;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (llvm::is_contained(reducedAxes, axis))
      shape.push_back(1);
    else if (int64_t axisOfReduced = kept++; type.isDynamicDim(axis))
      shape.push_back(-2 - axisOfReduced);
    else
      shape.push_back(type.getDimSize(axis));
  }
  return create<ReshapeOp>(reduced, ValueRange(), builder.getDenseI64ArrayAttr(shape));
}

Value GradientBuilder::dim(Value value, int64_t axis) { return create<DimOp>(value, builder.getI64IntegerAttr(axis)); }

Value GradientBuilder::reduceToShape(Value cotangent, RankedTensorType type) {
  auto from = cast<RankedTensorType>(cotangent.getType());
  int64_t leading = from.getRank() - type.getRank();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, leading));
  SmallVector<int64_t> shape;
  for (int64_t axis = 0, kept = 0; axis < type.getRank(); ++axis) {
    if (type.getDimSize(axis) == 1 && from.getDimSize(leading + axis) != 1)
      axes.push_back(leading + axis);
    else
      shape.push_back(type.isDynamicDim(axis) ? -2 - kept : type.getDimSize(axis)), ++kept;
  }
  bool stretched = static_cast<int64_t>(axes.size()) > leading;
  if (!stretched || leading == 0)
    return sum(cotangent, axes, /*keepDims=*/stretched);
  // Both kinds of axes go in one sum; the stretched ones come back with size 1.
  Value reduced = sum(cotangent, axes);
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (llvm::is_contained(axes, leading + axis))
      shape.insert(shape.begin() + axis, 1);
  return create<ReshapeOp>(reduced, ValueRange(), builder.getDenseI64ArrayAttr(shape));
}

DenseElementsAttr GradientBuilder::splat(RankedTensorType type, double value) {
  Type element = type.getElementType();
  if (isa<FloatType>(element))
    return DenseElementsAttr::get(type, builder.getFloatAttr(element, value));
  return DenseElementsAttr::get(type, builder.getIntegerAttr(element, static_cast<int64_t>(value)));
}

} // namespace mlir::lamina
