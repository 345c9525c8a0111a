#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::lamina {

/// A sum over several operands, which read their elements again and again: a product of matrices, a convolution, a
/// window. A sum of one operand, others being broadcast along it, is a reduction.
inline bool isContraction(linalg::LinalgOp op) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  return 1 < llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *input) {
           AffineMap map = op.getMatchingIndexingMap(input);
           for (auto [loop, type] : llvm::enumerate(iterators))
             if (type == utils::IteratorType::reduction && map.isFunctionOfDim(loop))
               return true;
           return false;
         });
}

} // namespace mlir::lamina
