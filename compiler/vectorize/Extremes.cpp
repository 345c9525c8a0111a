#include "compiler/vectorize/Extremes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::lamina {

namespace {

Value choose(Operation *op, arith::CmpFPredicate predicate, Value x, Value y, Value chosen, Value other) {
  OpBuilder b(op);
  return arith::SelectOp::create(b, op->getLoc(), arith::CmpFOp::create(b, op->getLoc(), predicate, x, y), chosen,
                                 other);
}

/// Of how many elements LLVM takes the extremes one by one.
bool isOdd(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getRank() > 0 && !llvm::isPowerOf2_64(vector.getShape().back());
}

} // namespace

void expandExtremes(FunctionOpInterface function) {
  using P = arith::CmpFPredicate;
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (isa<arith::MaxNumFOp>(op) ||
        (isa<arith::MaximumFOp, arith::MinimumFOp>(op) && isOdd(op->getResult(0).getType())))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    Value x = op->getOperand(0), y = op->getOperand(1), result;
    if (isa<arith::MaxNumFOp>(op)) {
      result = choose(op, P::OGT, x, y, x, y);
    } else {
      // A comparison with NaN gives the left operand.
      result = choose(op, isa<arith::MaximumFOp>(op) ? P::UGT : P::ULT, x, y, x, y);
      result = choose(op, P::UNO, y, y, y, result);
    }
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
}

} // namespace mlir::lamina
