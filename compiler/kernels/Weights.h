#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::lamina {

/// What an entry function computes from its `weight` arguments and constants alone.
struct WeightValues {
  /// The arguments and all results.
  DenseSet<Value> values;
  /// The operations of the function's block, in order.
  SmallVector<Operation *> ops;
};

WeightValues findWeightValues(func::FuncOp entry);

/// True for the entry function's arguments of kind `weight`.
bool isWeight(func::FuncOp entry, BlockArgument argument);

} // namespace mlir::lamina
