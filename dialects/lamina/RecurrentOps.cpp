#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {

LogicalResult ScanOp::inferTypes(Inference &inference, Adaptor op) {
  size_t states = op.getInits().size();
  if (op.getSequences().empty() && !op.getLength())
    return inference.fail("needs a sequence or a length");
  if (!op.getSequences().empty() && op.getLength())
    return inference.fail("takes its length from its sequences, not from an operand");
  int64_t steps = ShapedType::kDynamic;
  SmallVector<Type> arguments(op.getInits().getTypes());
  for (Value sequence : op.getSequences()) {
    RankedTensorType type = tensorType(sequence);
    if (type.getRank() == 0)
      return inference.fail("takes sequences with a time axis, not scalars");
    std::optional<int64_t> common = meet(steps, type.getDimSize(0));
    if (!common)
      return inference.fail("takes sequences of equal length, not " + Twine(steps) + " and " +
                            Twine(type.getDimSize(0)));
    steps = *common;
    arguments.push_back(type.clone(type.getShape().drop_front()));
  }
  if (op.getBody().empty() || op.getBody().front().empty())
    return inference.fail("needs a step");
  Block &step = op.getBody().front();
  if (step.getArgumentTypes() != TypeRange(arguments))
    return inference.fail("its step must take the states, then one slice of each sequence, as they are typed");
  auto yield = dyn_cast<YieldOp>(step.back());
  if (!yield)
    return inference.fail("its step must end in lamina.yield");
  if (yield.getNumOperands() < states)
    return inference.fail("its step yields " + Twine(yield.getNumOperands()) + " values for " + Twine(states) +
                          " states");
  for (auto [i, value] : llvm::enumerate(yield.getOperands())) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return inference.fail("its step must yield tensors");
    if (i >= states) {
      SmallVector<int64_t> shape{steps};
      llvm::append_range(shape, type.getShape());
      inference.results.push_back(type.clone(shape));
      continue;
    }
    auto state = cast<RankedTensorType>(arguments[i]);
    if (type != state)
      return inference.fail("state " + Twine(i) + " is " + formatDType(state.getElementType()) + " " +
                            formatShape(state) + " but its step yields " + formatDType(type.getElementType()) + " " +
                            formatShape(type));
    inference.results.push_back(type);
  }
  return success();
}

YieldOp ScanOp::getYield() { return cast<YieldOp>(getStep().getTerminator()); }

OperandRange ScanOp::getYieldedStates() { return getYield().getOperands().take_front(getInits().size()); }

OperandRange ScanOp::getYieldedOutputs() { return getYield().getOperands().drop_front(getInits().size()); }

void ScanOp::build(OpBuilder &builder, OperationState &state, ValueRange inits, ValueRange sequences, Value length,
                   bool reverse, function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange, ValueRange)> step) {
  state.addOperands(inits);
  state.addOperands(sequences);
  if (length)
    state.addOperands(length);
  Properties &properties = state.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {static_cast<int32_t>(inits.size()), static_cast<int32_t>(sequences.size()),
                                    length ? 1 : 0};
  properties.reverse = builder.getBoolAttr(reverse);
  Region *body = state.addRegion();
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(body);
    for (Value init : inits)
      block->addArgument(init.getType(), state.location);
    for (Value sequence : sequences) {
      RankedTensorType type = tensorType(sequence);
      block->addArgument(type.clone(type.getShape().drop_front()), state.location);
    }
    ValueRange arguments = block->getArguments();
    SmallVector<Value> yielded =
        step(builder, state.location, arguments.take_front(inits.size()), arguments.drop_front(inits.size()));
    YieldOp::create(builder, state.location, yielded);
  }
  SmallVector<Type> types;
  if (failed(inferReturnTypes(builder.getContext(), state.location, state.operands,
                              state.attributes.getDictionary(builder.getContext()), state.getRawProperties(),
                              state.regions, types)))
    llvm::report_fatal_error("lamina.scan built with a step that does not fit");
  state.addTypes(types);
}

LogicalResult GradientOp::inferTypes(Inference &inference, Adaptor op) {
  if (op.getLosses().size() != op.getCotangents().size())
    return inference.fail("has " + Twine(op.getLosses().size()) + " losses but " + Twine(op.getCotangents().size()) +
                          " cotangents");
  for (auto [loss, cotangent] : llvm::zip(op.getLosses(), op.getCotangents()))
    if (loss.getType() != cotangent.getType())
      return inference.fail("loss of shape " + formatShape(loss.getType()) + " has a cotangent of shape " +
                            formatShape(cotangent.getType()));
  for (ValueRange values : {op.getLosses(), op.getWrt()})
    for (Value value : values)
      if (failed(inference.checkElements(tensorType(value).getElementType(), Elements::Float)))
        return failure();
  llvm::append_range(inference.results, op.getWrt().getTypes());
  return success();
}

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/RecurrentOps.cpp.inc"
