#pragma once

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::lamina {

/// What changes nothing under a combination.
TypedAttr identityOf(vector::CombiningKind kind, Type element, OpBuilder &b, Location loc);

/// All values in one, combined in pairs: a chain would wait for every step.
Value combinePairs(SmallVector<Value> values, llvm::function_ref<Value(Value, Value)> combine);

/// The result of a reduction of rows from one element a row: in its shape, together with what it starts from.
Value finishRows(OpBuilder &b, vector::MultiDimReductionOp op, Value rows);

/// Elements of several vectors of one axis, counted through all of them, in one vector.
Value pickElements(OpBuilder &b, Location loc, ArrayRef<Value> vectors, ArrayRef<int64_t> elements);

/// Reduces several rows of one length together: a step halves the rows of two vectors into one vector, so that lanes
/// stay full until there are no more vectors to put together.
class RowTree {
public:
  RowTree(OpBuilder &b, Location loc, vector::CombiningKind kind) : b(b), loc(loc), kind(kind) {}

  /// A vector of one element a row; each row is a list of vectors.
  Value reduce(ArrayRef<SmallVector<Value>> rows);
  /// The same for rows that follow each other without gaps in vectors of the same size.
  /// `places`: if not in order, the lane of each element in its vector.
  Value reduceDense(SmallVector<Value> vectors, int64_t rows, int64_t length, ArrayRef<int64_t> places = {});
  /// The same for pairs of vectors of which the first holds a row's elements at even places, the second those at odd
  /// ones; `places` are the lanes of a pair of elements.
  Value reduceDealt(ArrayRef<Value> vectors, int64_t rows, int64_t length, ArrayRef<int64_t> places);

private:
  static constexpr int64_t mostLanes = 16;

  Value shuffle(Value x, Value y, ArrayRef<int64_t> lanes);
  Value combine(Value x, Value y);
  Value narrow(ArrayRef<Value> parts, int64_t lanes);
  SmallVector<Value> halve(ArrayRef<Value> vectors, int64_t length);

  OpBuilder &b;
  Location loc;
  vector::CombiningKind kind;
};

} // namespace mlir::lamina
