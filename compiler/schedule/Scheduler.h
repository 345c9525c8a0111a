#pragma once

#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::lamina {

/// Loops of an operation that a vector may run along: those that walk the last axis of an operand or of the result.
struct Access {
  /// The loop of the result's last axis, or -1 for a scalar.
  int64_t result = -1;
  /// Loops that walk some input's last axis.
  SmallVector<int64_t> inputs;
};

/// The loop of a map's last axis that has one, or -1.
int64_t lastLoop(AffineMap map);
Access accessOf(linalg::LinalgOp op);

/// Writes the schedule of a kernel's operations.
class Scheduler {
public:
  Scheduler(func::FuncOp kernel, int64_t vectorBytes, int64_t registers)
      : kernel(kernel), vectorBytes(vectorBytes), registers(registers) {}

  void run();

private:
  using Sizes = SmallVector<int64_t>;
  class Product;

  int64_t lanes(linalg::LinalgOp op) const {
    int64_t bits = 8;
    for (Value value : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        bits = std::max<int64_t>(bits, type.getElementTypeBitWidth());
    return std::max<int64_t>(1, vectorBytes * 8 / bits);
  }
  void write(linalg::LinalgOp op, Sizes distribute, Sizes tile, Sizes order, Sizes inner, Sizes partial);
  void scheduleContraction(linalg::LinalgOp root, linalg::LinalgOp contraction);
  void scheduleRows(linalg::LinalgOp root, unsigned shared);
  void scheduleAlone(linalg::LinalgOp op, Sizes &tile, Sizes &partial, ArrayRef<bool> done);
  int64_t rows(int64_t size, int64_t best) const;
  int64_t denseRows(int64_t length, int64_t width, int64_t range) const;
  int64_t rowsTogether(linalg::LinalgOp root, unsigned shared, int64_t range) const;
  int64_t columns(int64_t size, int64_t lanes, int64_t vectors) const;
  Sizes distribute(linalg::LinalgOp root, ArrayRef<int64_t> tile, int64_t workPerElement, unsigned limit);

  func::FuncOp kernel;
  int64_t vectorBytes, registers;
  /// The width of the panels that contractions read, if any do: that of the root's columns.
  int64_t panel = 0;
};

} // namespace mlir::lamina
