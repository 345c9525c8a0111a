#include "Lowering.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::lamina {

// The body is built after the loop: affine arithmetic looks for the function that holds it.
ValueRange loopOver(OpBuilder &b, Location loc, OpFoldResult count, ValueRange inits,
                    function_ref<SmallVector<Value>(OpBuilder &, Value position, ValueRange carried)> body) {
  Scalar s(b, loc);
  Type index = b.getIndexType();
  auto loop = scf::ForOp::create(b, loc, s.constantInt(index, 0), getValueOrCreateConstantIndexOp(b, loc, count),
                                 s.constantInt(index, 1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(b, loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return loop.getResults();
}

Value copyInto(OpBuilder &b, Location loc, Value value, Value destination) {
  value = castTo(b, loc, value, destination.getType());
  if (value == destination)
    return value;
  return bufferization::MaterializeInDestinationOp::create(b, loc, value, destination).getResult();
}

} // namespace mlir::lamina
