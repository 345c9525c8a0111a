// Finds the sizes that the operations of a function take to be equal though the caller chooses them, and writes the
// function that compares them. Runs before derivatives are taken: what they rely on follows.

#include "compiler/Passes.h"
#include "compiler/simplify/Sizes.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_CHECKSIZESPASS
#include "compiler/Passes.h.inc"

namespace {

/// "layer 'add': ", or nothing.
std::string layerOf(Location location) {
  std::string name;
  location->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name.empty() ? name : "layer '" + name + "': ";
}

class Checks {
public:
  Checks(func::FuncOp entry, func::FuncOp function) : sizes(entry, function), builder(function.getContext()) {
    builder.setInsertionPointToEnd(&function.front());
  }

  void visit(Operation *op);

  /// Ends the function: the code of the first comparison that fails, or 0.
  void finish() {
    Location loc = builder.getUnknownLoc();
    Value status = arith::ConstantIntOp::create(builder, loc, 0, 32);
    for (size_t code = equal.size(); code > 0; --code) {
      Value number = arith::ConstantIntOp::create(builder, loc, code, 32);
      status = arith::SelectOp::create(builder, loc, equal[code - 1], status, number);
    }
    func::ReturnOp::create(builder, loc, status);
  }

  SmallVector<std::string> messages{"success"};

private:
  void require(Operation *op, Value lhs, int64_t lhsAxis, Value rhs, int64_t rhsAxis) {
    compare(op, sizes.of(lhs, lhsAxis), sizes.of(rhs, rhsAxis), [&] {
      return "sizes of " + formatShape(lhs.getType()) + " axis " + std::to_string(lhsAxis) + " and " +
             formatShape(rhs.getType()) + " axis " + std::to_string(rhsAxis) + " must be equal";
    });
  }
  void compare(Operation *op, AffineExpr lhs, AffineExpr rhs, function_ref<std::string()> describe);
  void broadcast(Operation *op);
  void reshape(ReshapeOp op);

  Sizes sizes;
  OpBuilder builder;
  SmallVector<Value> equal;
  llvm::SmallDenseSet<std::pair<AffineExpr, AffineExpr>> known;
};

void Checks::compare(Operation *op, AffineExpr lhs, AffineExpr rhs, function_ref<std::string()> describe) {
  if (!lhs || !rhs || lhs == rhs || known.contains({lhs, rhs}) || known.contains({rhs, lhs}))
    return;
  if (isa<AffineConstantExpr>(lhs))
    std::swap(lhs, rhs);
  if (isa<AffineConstantExpr>(lhs))
    return;
  known.insert({lhs, rhs});
  std::string text;
  const OpenDim *left = sizes.argument(lhs), *right = sizes.argument(rhs);
  auto constant = dyn_cast<AffineConstantExpr>(rhs);
  if (left && right && left->axis == right->axis)
    text =
        "'" + left->name + "' and '" + right->name + "' must have the same size on axis " + std::to_string(left->axis);
  else if (left && right)
    text = "axis " + std::to_string(left->axis) + " of '" + left->name + "' and axis " + std::to_string(right->axis) +
           " of '" + right->name + "' must have the same size";
  else if (left && constant)
    text = "'" + left->name + "' must have the size " + std::to_string(constant.getValue()) + " on axis " +
           std::to_string(left->axis);
  else
    text = describe();
  messages.push_back(layerOf(op->getLoc()) + text);
  Location loc = builder.getUnknownLoc();
  equal.push_back(arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, sizes.value(builder, lhs),
                                        sizes.value(builder, rhs)));
}

// An open size of the result is equal to that of every operand that is not stretched.
void Checks::broadcast(Operation *op) {
  Value result = op->getResult(0);
  int64_t rank = tensorType(result).getRank();
  for (Value operand : op->getOperands()) {
    RankedTensorType type = tensorType(operand);
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.getDimSize(axis) != 1)
        require(op, result, axis + rank - type.getRank(), operand, axis);
  }
}

void Checks::reshape(ReshapeOp op) {
  // Sizes that stay cancel.
  RankedTensorType input = tensorType(op.getInput());
  SmallVector<bool> kept(input.getRank());
  AffineExpr before = getAffineConstantExpr(1, op.getContext()), after = before;
  auto multiply = [&](AffineExpr &product, Value tensor, int64_t axis) {
    AffineExpr size = sizes.of(tensor, axis);
    product = product && size ? product * size : AffineExpr();
  };
  for (auto [axis, size] : llvm::enumerate(op.getShape())) {
    if (isDimOfInput(size) && !kept[inputDim(size)])
      kept[inputDim(size)] = true;
    else
      multiply(after, op.getResult(), axis);
  }
  for (int64_t axis = 0; axis < input.getRank(); ++axis)
    if (!kept[axis])
      multiply(before, op.getInput(), axis);
  compare(op, before, after, [&] {
    return "a tensor of shape " + formatShape(op.getInput().getType()) + " cannot be reshaped to " +
           formatShape(op.getType());
  });
}

void Checks::visit(Operation *op) {
  if (isElementwise(op))
    return broadcast(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case<ReshapeOp>([&](ReshapeOp reshaped) { reshape(reshaped); })
      .Case<BroadcastToOp>([&](BroadcastToOp broadcastTo) {
        RankedTensorType type = tensorType(broadcastTo.getInput());
        int64_t shift = broadcastTo.getType().getRank() - type.getRank();
        for (int64_t axis = 0; axis < type.getRank(); ++axis)
          if (type.getDimSize(axis) != 1)
            require(op, broadcastTo.getInput(), axis, broadcastTo.getResult(), axis + shift);
      })
      .Case<DotGeneralOp>([&](DotGeneralOp dot) {
        RankedTensorType lhs = tensorType(dot.getLhs()), rhs = tensorType(dot.getRhs());
        for (auto [l, r] : llvm::zip(dot.getLhsBatching(), dot.getRhsBatching()))
          require(op, dot.getLhs(), normalizeAxis(l, lhs), dot.getRhs(), normalizeAxis(r, rhs));
        for (auto [l, r] : llvm::zip(dot.getLhsContracting(), dot.getRhsContracting()))
          require(op, dot.getLhs(), normalizeAxis(l, lhs), dot.getRhs(), normalizeAxis(r, rhs));
      })
      .Case<ConcatenateOp>([&](ConcatenateOp concatenate) {
        RankedTensorType type = concatenate.getType();
        int64_t along = normalizeAxis(concatenate.getAxis(), type);
        for (Value input : concatenate.getInputs().drop_front())
          for (int64_t axis = 0; axis < type.getRank(); ++axis)
            if (axis != along)
              require(op, concatenate.getInputs().front(), axis, input, axis);
      })
      .Case<ScatterAddOp>([&](ScatterAddOp scatter) {
        int64_t rank = tensorType(scatter.getIndices()).getRank();
        for (int64_t axis = 0; axis < rank; ++axis)
          require(op, scatter.getIndices(), axis, scatter.getUpdates(), axis);
        for (int64_t axis = 1; axis < tensorType(scatter.getInit()).getRank(); ++axis)
          require(op, scatter.getInit(), axis, scatter.getUpdates(), axis + rank - 1);
      })
      .Case<ScanOp>([&](ScanOp scan) {
        for (Value sequence : scan.getSequences().drop_front(!scan.getSequences().empty()))
          require(op, scan.getSequences().front(), 0, sequence, 0);
        for (auto [init, state] : llvm::zip(scan.getInits(), scan.getYieldedStates()))
          for (int64_t axis = 0; axis < tensorType(init).getRank(); ++axis)
            require(op, init, axis, state, axis);
      })
      .Case<GradientOp>([&](GradientOp gradient) {
        for (auto [loss, cotangent] : llvm::zip(gradient.getLosses(), gradient.getCotangents()))
          for (int64_t axis = 0; axis < tensorType(loss).getRank(); ++axis)
            require(op, loss, axis, cotangent, axis);
      });
}

struct CheckSizesPass : impl::CheckSizesPassBase<CheckSizesPass> {
  void runOnOperation() override {
    auto entry = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!entry || entry.isExternal())
      return;
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto type = builder.getFunctionType(LLVM::LLVMPointerType::get(&getContext()), builder.getI32Type());
    auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main_check", type);
    function.addEntryBlock();
    Checks checks(entry, function);
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) { checks.visit(op); });
    if (checks.messages.size() == 1) {
      function.erase();
      return;
    }
    checks.finish();
    SmallVector<StringRef> messages(checks.messages.begin(), checks.messages.end());
    function->setAttr("lamina.messages", builder.getStrArrayAttr(messages));
  }
};

} // namespace
} // namespace mlir::lamina
