#include "compiler/kernels/Weights.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::lamina {

bool isWeight(func::FuncOp entry, BlockArgument argument) {
  auto kind = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "lamina.kind");
  return argument.getOwner() == &entry.front() && kind && kind.getValue() == "weight";
}

WeightValues findWeightValues(func::FuncOp entry) {
  WeightValues found;
  Block &body = entry.front();
  for (BlockArgument argument : body.getArguments())
    if (isWeight(entry, argument))
      found.values.insert(argument);
  for (Operation &op : body.without_terminator()) {
    bool pure = isPure(&op) && op.getNumRegions() == 0;
    if (isa<linalg::LinalgOp>(op)) {
      // Regions may read values from outside.
      pure = true;
      op.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (operand.getParentRegion() == &entry.getBody() && !found.values.contains(operand))
            pure = false;
      });
    }
    if (!pure || !llvm::all_of(op.getOperands(), [&](Value operand) { return found.values.contains(operand); }))
      continue;
    found.values.insert(op.result_begin(), op.result_end());
    found.ops.push_back(&op);
  }
  return found;
}

} // namespace mlir::lamina
