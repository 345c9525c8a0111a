#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::lamina {

/// A sum over several operands, some of which it reads again and again: a product of matrices, a convolution, a window.
/// A sum of one operand, others being broadcast along it, is a reduction, and so is one that reads every element of its
/// operands once, as a sum of products element by element.
inline bool isContraction(linalg::LinalgOp op) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  unsigned summed = 0;
  bool again = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    bool sums = false, all = true;
    for (auto [loop, type] : llvm::enumerate(iterators)) {
      bool walks = map.isFunctionOfDim(loop);
      sums |= walks && type == utils::IteratorType::reduction;
      all &= walks;
    }
    summed += sums;
    again |= sums && (!all || !map.isProjectedPermutation());
  }
  return summed > 1 && again;
}

} // namespace mlir::lamina
