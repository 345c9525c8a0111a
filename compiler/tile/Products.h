// What tiles of products have of their own: padding, large weights, few sums, open rows.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::lamina {

/// Where a loop of sums meets something else than padding.
struct FilledRange {
  unsigned loop;
  OpFoldResult begin, end;
};

/// The loops of sums of a contraction, one of whose tiles this is, that walk an axis of the padded operand alone.
SmallVector<FilledRange> filledRanges(linalg::LinalgOp op, OpBuilder &b);

/// Large weights come from memory in panels of which each is read again for every row of positions. While one is used,
/// a row after another asks for its share of the next.
void prefetchPanels(func::FuncOp kernel);

/// Few sums wait for each of their terms: several at once are added apart.
void takeSeveralTerms(linalg::LinalgOp op, MutableArrayRef<int64_t> inner);

/// The tile of a product's open rows, or 0.
int64_t tileOfOpenRows(linalg::LinalgOp root, ArrayRef<int64_t> tile);

} // namespace mlir::lamina
