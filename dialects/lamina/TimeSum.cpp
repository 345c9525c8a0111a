#include "dialects/lamina/TimeSum.h"

#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::lamina {

namespace {

bool isSum(ReduceOp op) { return op.getKind() == ReduceKind::sum; }

/// Ops with one operand that move or scale elements, so that the sum of results is the result of the sum.
bool isLinear(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getValue().isZero();
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return reshape.getDims().empty();
  return isa<NegOp, TransposeOp, SliceOp, ReverseOp>(op);
}

/// Axes of a step's tensor in the stacked one, behind the time axis or with it.
SmallVector<int64_t> stackedAxes(Value step, ArrayRef<int64_t> axes, bool withTime) {
  SmallVector<int64_t> shifted;
  if (withTime)
    shifted.push_back(0);
  for (int64_t axis : normalizeAxes(axes, cast<RankedTensorType>(step.getType()).getRank()))
    shifted.push_back(axis + 1);
  return shifted;
}

/// Time and batch of a stacked tensor as one axis.
Value mergeTimeAndBatch(GradientBuilder &b, Value sequence) {
  auto type = cast<RankedTensorType>(sequence.getType());
  SmallVector<int64_t> shape{-1};
  for (int64_t axis : llvm::seq<int64_t>(2, type.getRank()))
    shape.push_back(type.isDynamicDim(axis) ? -2 - axis : type.getDimSize(axis));
  return b.create<ReshapeOp>(sequence, ValueRange(), b.getBuilder().getDenseI64ArrayAttr(shape));
}

} // namespace

bool TimeSum::isStep(Value value) const {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == &body;
  Operation *op = value.getDefiningOp();
  return op->getBlock() == &body && !op->hasTrait<OpTrait::ConstantLike>();
}

bool TimeSum::leavesLoop(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op || !isStep(value))
    return false;
  if (auto dot = dyn_cast<DotGeneralOp>(op)) {
    if (isStep(dot.getLhs()) && isStep(dot.getRhs()))
      return true;
    return leavesLoop(isStep(dot.getLhs()) ? dot.getLhs() : dot.getRhs());
  }
  if (auto conv = dyn_cast<ConvKernelGradOp>(op))
    return isStep(conv.getInput()) && isStep(conv.getCotangent());
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return isSum(reduce);
  if (isa<AddOp, SubOp>(op))
    return llvm::all_of(op->getOperands(),
                        [&](Value operand) { return operand.getType() == value.getType() && leavesLoop(operand); });
  return isLinear(op) && leavesLoop(op->getOperand(0));
}

void TimeSum::request(Value value, Value like) {
  Operation *op = value.getDefiningOp();
  bool splits = isa_and_nonnull<AddOp, SubOp>(op) && isStep(value) &&
                llvm::all_of(op->getOperandTypes(), [&](Type type) { return type == value.getType(); });
  if (splits) {
    for (Value operand : op->getOperands())
      request(operand, like);
  } else if (leavesLoop(value)) {
    requestLeaving(value);
  } else {
    carried.insert({value, like});
  }
}

void TimeSum::requestLeaving(Value value) {
  Operation *op = value.getDefiningOp();
  bool contracts =
      isa<DotGeneralOp, ConvKernelGradOp>(op) && llvm::all_of(op->getOperands(), [&](Value v) { return isStep(v); });
  for (Value operand : op->getOperands()) {
    if (!isStep(operand))
      continue;
    if (contracts || isa<ReduceOp>(op))
      stacked.insert(operand);
    else
      requestLeaving(operand);
  }
}

Value TimeSum::invariant(GradientBuilder &b, Value value) {
  Operation *op = value.getDefiningOp();
  if (op && op->getBlock() == &body)
    return b.getBuilder().clone(*op)->getResult(0);
  return value;
}

Value TimeSum::emit(GradientBuilder &b, Value value) {
  if (Value sum = sums.lookup(value))
    return sum;
  Builder &builder = b.getBuilder();
  auto sum = [&](Operation *op) -> Value {
    if (auto dot = dyn_cast<DotGeneralOp>(op)) {
      if (isStep(dot.getLhs()) && isStep(dot.getRhs()))
        // Σₜ aₜ · bₜ: one product that also contracts over time
        return b.create<DotGeneralOp>(
            sequences.at(dot.getLhs()), sequences.at(dot.getRhs()),
            builder.getDenseI64ArrayAttr(stackedAxes(dot.getLhs(), dot.getLhsBatching(), false)),
            builder.getDenseI64ArrayAttr(stackedAxes(dot.getRhs(), dot.getRhsBatching(), false)),
            builder.getDenseI64ArrayAttr(stackedAxes(dot.getLhs(), dot.getLhsContracting(), true)),
            builder.getDenseI64ArrayAttr(stackedAxes(dot.getRhs(), dot.getRhsContracting(), true)));
    } else if (auto conv = dyn_cast<ConvKernelGradOp>(op)) {
      return b.create<ConvKernelGradOp>(mergeTimeAndBatch(b, sequences.at(conv.getInput())),
                                        mergeTimeAndBatch(b, sequences.at(conv.getCotangent())),
                                        conv.getKernelShapeAttr(), conv.getStridesAttr(), conv.getDilationsAttr(),
                                        conv.getGroupsAttr(), conv.getPaddingAttr());
    } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
      Value sequence = sequences.at(reduce.getInput());
      if (!reduce.getKeepdims())
        return b.sum(sequence, stackedAxes(reduce.getInput(), reduce.getAxes(), true));
      return b.sum(b.sum(sequence, 0), reduce.getAxes(), /*keepDims=*/true);
    }
    // Linear in what changes from step to step.
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, isStep(operand) ? emit(b, operand) : invariant(b, operand));
    Operation *copy = b.getBuilder().clone(*op, mapping);
    return copy->getResult(0);
  };
  return sums[value] = sum(value.getDefiningOp());
}

} // namespace mlir::lamina
