#pragma once

#include "dialects/lamina/GradientBuilder.h"
#include "mlir/IR/Block.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::lamina {

/// Sums over the steps of a scan, of values in its body. Contractions and reductions leave the loop: their operands are
/// stacked and one contraction over time and batch follows it. Linear ops above them are applied to the sums. What is
/// left is carried through the loop as a state.
class TimeSum {
public:
  explicit TimeSum(Block &body) : body(body) {}

  /// Asks for the sum of `value`, with the shape of `like`, a value from above the loop.
  void request(Value value, Value like);

  /// Values of the body to stack along time, in order. Arguments of the body are among them.
  ArrayRef<Value> getStacked() const { return stacked.getArrayRef(); }
  /// Values to carry in a state that starts with zeros, each with a value of its shape.
  const llvm::MapVector<Value, Value> &getCarried() const { return carried; }

  /// Says what stands for a stacked or carried value behind the loop.
  void resolveStacked(Value value, Value sequence) { sequences[value] = sequence; }
  void resolveCarried(Value value, Value sum) { sums[value] = sum; }
  /// Emits the sum of a requested value behind the loop.
  Value emit(GradientBuilder &b, Value value);

private:
  bool isStep(Value value) const;
  bool leavesLoop(Value value) const;
  void requestLeaving(Value value);
  Value invariant(GradientBuilder &b, Value value);

  Block &body;
  llvm::SetVector<Value> stacked;
  llvm::MapVector<Value, Value> carried;
  DenseMap<Value, Value> sequences, sums;
};

} // namespace mlir::lamina
