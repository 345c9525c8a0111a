#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

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

/// A loop that occurs in a sum with others, as in the window of a convolution.
inline bool isWindowed(linalg::LinalgOp op, int64_t loop) {
  return llvm::any_of(op.getIndexingMapsArray(), [&](AffineMap map) {
    return llvm::any_of(map.getResults(),
                        [&](AffineExpr expr) { return !isa<AffineDimExpr>(expr) && expr.isFunctionOfDim(loop); });
  });
}

/// About how many multiplications one turn of all loops costs: what moves memory alone counts as eight.
inline int64_t workOfTurn(linalg::LinalgOp op) {
  constexpr int64_t move = 8, division = 8;
  if (isContraction(op))
    return 1;
  int64_t work = 0;
  for (Operation &inner : op.getBlock()->without_terminator())
    work += isa<arith::DivFOp, math::SqrtOp>(inner) ? division : 1;
  return std::max(move, work);
}

/// What an open loop is taken for where sums are weighed.
inline constexpr int64_t openSum = 64;

/// The work of all loops but those that are cut; open ones that are not summed count once.
inline int64_t workOf(linalg::LinalgOp op, ArrayRef<bool> cut = {}) {
  int64_t work = workOfTurn(op);
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    int64_t range = op.getStaticLoopRanges()[loop];
    if (loop >= cut.size() || !cut[loop])
      work *= !ShapedType::isDynamic(range) ? range : type == utils::IteratorType::reduction ? openSum : 1;
  }
  return work;
}

/// The work of an element of the result.
inline int64_t workOfElement(linalg::LinalgOp op) {
  return workOf(op, llvm::map_to_vector(op.getIteratorTypesArray(), [](utils::IteratorType type) {
                  return type == utils::IteratorType::parallel;
                }));
}

/// As many of so many columns as fill whole vectors, of a number that LLVM does not widen; all if they are less than
/// one.
inline int64_t wholeVectors(int64_t columns, int64_t lanes) {
  return columns <= lanes ? columns : int64_t(llvm::bit_floor(uint64_t(columns / lanes))) * lanes;
}

/// Half of a core's cache of second level: more than this is read from further away again.
inline constexpr int64_t cacheBytes = 1 << 19;

/// How many terms each sum of an operation has, and the bytes that one term of all sums reads.
struct SumSize {
  int64_t terms = 1, termBytes = 0;
};

inline SumSize sumSize(linalg::LinalgOp op) {
  SumSize size;
  SmallVector<int64_t> ranges = llvm::map_to_vector(
      op.getStaticLoopRanges(), [](int64_t range) { return ShapedType::isDynamic(range) ? openSum : range; });
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (OpOperand *input : op.getDpsInputOperands()) {
    int64_t bytes = llvm::divideCeil(getElementTypeOrSelf(input->get().getType()).getIntOrFloatBitWidth(), 8);
    AffineMap map = op.getMatchingIndexingMap(input);
    for (auto [loop, range] : llvm::enumerate(ranges))
      if (iterators[loop] == utils::IteratorType::parallel && map.isFunctionOfDim(loop) && !isWindowed(op, loop))
        bytes *= range;
    size.termBytes += bytes;
  }
  for (auto [iterator, range] : llvm::zip_equal(iterators, ranges))
    if (iterator == utils::IteratorType::reduction)
      size.terms *= range;
  return size;
}

} // namespace mlir::lamina
