// Sizes of tensors as expressions of the open dimensions that the caller of a function gives.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AffineExpr.h"

namespace mlir::lamina {

/// An open dimension of an argument of a function.
struct OpenDim {
  std::string name; ///< the argument's
  int64_t axis;
};

class Sizes {
public:
  /// Sizes of `entry`. Values that are not affine are computed at the start of `function`, which takes the pointer to
  /// the open dimensions.
  Sizes(func::FuncOp entry, func::FuncOp function);

  /// The size of an axis; null if it does not follow from the arguments. Equal expressions are equal sizes.
  AffineExpr of(Value tensor, int64_t axis);

  /// The argument of which the expression is a dimension, if it is nothing else.
  const OpenDim *argument(AffineExpr expr) const;

  Value value(OpBuilder &builder, AffineExpr expr) const;

private:
  enum class Kind { Max, Min, Quotient };
  struct Derived {
    Kind kind;
    AffineExpr lhs, rhs, symbol;
  };

  AffineExpr constant(int64_t size) { return getAffineConstantExpr(size, context); }
  AffineExpr symbol(Value value);
  AffineExpr derived(Kind kind, AffineExpr lhs, AffineExpr rhs);
  AffineExpr ofIndex(Value index);
  AffineExpr ofResult(OpResult result, int64_t axis);
  AffineExpr ofTarget(ArrayRef<int64_t> shape, ValueRange dims, Value input, int64_t position);
  AffineExpr ofBlockArgument(BlockArgument argument, int64_t axis);
  AffineExpr sliced(int64_t start, int64_t limit, int64_t stride, AffineExpr size);

  MLIRContext *context;
  Block *entry;
  OpBuilder builder;
  DenseMap<std::pair<Value, int64_t>, AffineExpr> arguments;
  DenseMap<AffineExpr, OpenDim> openDims;
  SmallVector<Value> symbols;
  SmallVector<Derived> deriveds;
};

} // namespace mlir::lamina
