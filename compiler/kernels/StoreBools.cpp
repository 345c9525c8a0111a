// Gives truth values a byte each in memory. Guarantees that no tensor of i1 is left: regions of structured operations
// see i1 again, everything else moves bytes.

#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_STOREBOOLSPASS
#include "compiler/Passes.h.inc"

namespace {

bool isBool(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger(1);
}

Type stored(Type type) {
  if (!isBool(type))
    return type;
  return cast<RankedTensorType>(type).clone(IntegerType::get(type.getContext(), 8));
}

Value toBool(OpBuilder &builder, Location loc, Value byte) {
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 8);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte, zero);
}

Value toByte(OpBuilder &builder, Location loc, Value value) {
  return arith::ExtUIOp::create(builder, loc, builder.getI8Type(), value);
}

/// The same `or` or `and` of a running result on the bytes themselves, as which a reduction is recognized.
Value combineBytes(OpBuilder &builder, BlockArgument sum, Operation *combiner) {
  if (!isa_and_nonnull<arith::OrIOp, arith::AndIOp>(combiner))
    return {};
  for (unsigned i : {0, 1}) {
    auto compared = combiner->getOperand(i).getDefiningOp<arith::CmpIOp>();
    if (!compared || compared.getLhs() != sum)
      continue;
    Value other = toByte(builder, combiner->getLoc(), combiner->getOperand(1 - i));
    if (isa<arith::OrIOp>(combiner))
      return arith::OrIOp::create(builder, combiner->getLoc(), sum, other);
    return arith::AndIOp::create(builder, combiner->getLoc(), sum, other);
  }
  return {};
}

/// The region's i1 arguments become bytes that are compared, its i1 results bytes.
void convertRegion(linalg::LinalgOp op, ArrayRef<bool> bools) {
  Block &block = op->getRegion(0).front();
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  for (auto [argument, isBool] : llvm::zip_equal(block.getArguments(), bools)) {
    if (!isBool)
      continue;
    argument.setType(builder.getI8Type());
    Value value = toBool(builder, argument.getLoc(), argument);
    argument.replaceUsesWithIf(value, [&](OpOperand &use) { return use.getOwner() != value.getDefiningOp(); });
  }
  Operation *yield = block.getTerminator();
  builder.setInsertionPoint(yield);
  for (OpOperand &operand : yield->getOpOperands()) {
    if (!operand.get().getType().isInteger(1))
      continue;
    BlockArgument sum = block.getArgument(op.getNumDpsInputs() + operand.getOperandNumber());
    Value combined = op.getNumReductionLoops() ? combineBytes(builder, sum, operand.get().getDefiningOp()) : Value();
    operand.set(combined ? combined : toByte(builder, yield->getLoc(), operand.get()));
  }
}

struct StoreBoolsPass : impl::StoreBoolsPassBase<StoreBoolsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<Operation *> structured, extracts, inserts, constants, fills, pads;
    function.walk([&](Operation *op) {
      if (isa<linalg::FillOp>(op)) {
        if (isBool(op->getResult(0).getType()))
          fills.push_back(op);
      } else if (isa<linalg::LinalgOp>(op)) {
        if (llvm::any_of(op->getOperandTypes(), isBool))
          structured.push_back(op);
      } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
        if (isBool(extract.getTensor().getType()))
          extracts.push_back(op);
      } else if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
        if (isBool(insert.getDest().getType()))
          inserts.push_back(op);
      } else if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
        if (isBool(constant.getType()))
          constants.push_back(op);
      } else if (auto pad = dyn_cast<tensor::PadOp>(op)) {
        if (isBool(pad.getType()))
          pads.push_back(op);
      }
    });
    SmallVector<SmallVector<bool>> flags;
    for (Operation *op : structured)
      flags.push_back(llvm::map_to_vector(op->getOperandTypes(), isBool));

    // Types first: arguments of all blocks, then results.
    function.walk([](Block *block) {
      for (BlockArgument argument : block->getArguments())
        argument.setType(stored(argument.getType()));
    });
    function.walk([](Operation *op) {
      if (isa<arith::ConstantOp>(op))
        return;
      for (OpResult result : op->getResults())
        result.setType(stored(result.getType()));
    });
    auto type = function.getFunctionType();
    function.setType(FunctionType::get(&getContext(), llvm::map_to_vector(type.getInputs(), stored),
                                       llvm::map_to_vector(type.getResults(), stored)));

    OpBuilder builder(&getContext());
    for (auto [op, bools] : llvm::zip_equal(structured, flags))
      convertRegion(cast<linalg::LinalgOp>(op), bools);
    for (Operation *op : fills) {
      builder.setInsertionPoint(op);
      auto fill = cast<linalg::FillOp>(op);
      Value byte = toByte(builder, op->getLoc(), fill.getInputs()[0]);
      auto replacement = linalg::FillOp::create(builder, op->getLoc(), ValueRange{byte}, fill.getOutputs());
      op->replaceAllUsesWith(replacement);
      op->erase();
    }
    for (Operation *op : pads) {
      Operation *yield = op->getRegion(0).front().getTerminator();
      builder.setInsertionPoint(yield);
      yield->setOperand(0, toByte(builder, op->getLoc(), yield->getOperand(0)));
    }
    for (Operation *op : extracts) {
      Value byte = op->getResult(0);
      byte.setType(builder.getI8Type());
      builder.setInsertionPointAfter(op);
      Value value = toBool(builder, op->getLoc(), byte);
      byte.replaceUsesWithIf(value, [&](OpOperand &use) { return use.getOwner() != value.getDefiningOp(); });
    }
    for (Operation *op : inserts) {
      builder.setInsertionPoint(op);
      op->setOperand(0, toByte(builder, op->getLoc(), op->getOperand(0)));
    }
    for (Operation *op : constants) {
      auto elements = cast<DenseElementsAttr>(cast<arith::ConstantOp>(op).getValue());
      builder.setInsertionPoint(op);
      auto bytes = elements.mapValues(builder.getI8Type(), [](const APInt &value) { return value.zext(8); });
      Value replacement = arith::ConstantOp::create(builder, op->getLoc(), bytes);
      op->replaceAllUsesWith(ValueRange{replacement});
      op->erase();
    }
  }
};

} // namespace
} // namespace mlir::lamina
