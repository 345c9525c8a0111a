#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Support/LLVM.h"

namespace mlir::lamina {

/// Operations that one kernel computes in the tiles of its root.
struct KernelGroup {
  /// The last operation; its tile decides the others'.
  linalg::LinalgOp root;
  /// Structured operations of the group in program order, root included.
  llvm::SetVector<Operation *> ops;
  /// For each of the root's results, where it goes if its only reader is an insertion; null otherwise.
  SmallVector<tensor::InsertSliceOp> sinks;
  /// The root's leading dimensions that a tile may cut without computing anything twice.
  unsigned sharedDims = 0;
};

/// Groups the structured operations of `block`, each in exactly one group, in program order.
SmallVector<KernelGroup> formGroups(Block &block);

/// The insertion that a kernel can do itself because it is the only reader of a structured operation's result, or null.
tensor::InsertSliceOp sinkOf(OpResult result);

/// Collapses unit axes of what slices read that they would drop.
void collapseSlicedUnits(func::FuncOp entry);

/// True for operations that a kernel repeats instead of taking their value as an argument.
bool isRepeated(Operation *op);

} // namespace mlir::lamina
