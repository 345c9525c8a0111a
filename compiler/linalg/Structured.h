// One builder for every linalg.generic of the lowering.
//
// The caller names loops and indexes tensors with them. The builder leaves a form that tiles and vectorizes well:
// loops of one iteration are gone (operands are collapsed, results expanded), constants that are one value repeated are
// scalars inside the region, and open dimensions of an operand are cast to what is known of them.
#pragma once

#include <optional>

#include "Scalar.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::lamina {

// The size of a dimension, looked up at its origin, so that asking does not keep a temporary alive.
OpFoldResult dimSize(OpBuilder &b, Location loc, Value tensor, int64_t dim);
SmallVector<OpFoldResult> dimSizes(OpBuilder &b, Location loc, Value tensor);

// Arithmetic on sizes: symbols s0, s1 … of the expression are the given values.
OpFoldResult sizeExpr(OpBuilder &b, Location loc, AffineExpr expr, ArrayRef<OpFoldResult> symbols);
OpFoldResult productOf(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes);

// Constants as attributes, which some ops insist on.
SmallVector<OpFoldResult> foldSizes(OpBuilder &b, ArrayRef<OpFoldResult> sizes);

int64_t staticSize(OpFoldResult size); // kDynamic where it is not known

Value emptyTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type element);
Value filledTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, TypedAttr value);

// Drops the dimensions (all of size 1), or puts them back.
Value dropDims(OpBuilder &b, Location loc, Value tensor, const llvm::SmallBitVector &dims);
Value expandTo(OpBuilder &b, Location loc, Value tensor, ArrayRef<OpFoldResult> sizes,
               const llvm::SmallBitVector &unitDims);
Value castTo(OpBuilder &b, Location loc, Value tensor, Type type);

// The value repeated all over the tensor, if it is a constant; the scalar a rank-0 tensor was made from.
TypedAttr splatOf(Value tensor);
Value scalarOf(Value tensor);

class Structured {
public:
  // The code of one iteration.
  struct Region {
    Scalar s;
    SmallVector<Value> in, out;
    SmallVector<int64_t> loops; // position in the emitted op, -1 where the loop is gone
    Value index(unsigned loop);
  };
  using Body = function_ref<SmallVector<Value>(Region &)>;

  Structured(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  AffineExpr loop(OpFoldResult size, bool reduction = false);
  AffineExpr reduction(OpFoldResult size) { return loop(size, true); }
  AffineExpr constant(int64_t value);
  OpFoldResult size(AffineExpr loop) const;

  // An operand, one index expression a dimension.
  void in(Value tensor, ArrayRef<AffineExpr> index);
  // Carries the sizes of loops that no operand names alone (a pooling window).
  void shapeOnly(ArrayRef<AffineExpr> loops);
  // A result over these loops; `init` is what a reduction starts with.
  void out(Type element, ArrayRef<AffineExpr> loops, TypedAttr init = {});

  SmallVector<Value> build(Body body);

private:
  struct Operand {
    Value tensor;
    SmallVector<AffineExpr> index;
    TypedAttr splat;
    Value scalar;
    bool isShape = false;
  };
  struct Result {
    Type element;
    SmallVector<AffineExpr> loops;
    TypedAttr init;
  };

  bool isUnit(unsigned loop) const;
  void simplify(Operand &operand);
  bool isNamedWithout(unsigned loop, const Operand &operand) const;
  std::optional<SmallVector<Value>> buildScalar(Body body);
  SmallVector<Value> runBody(Body body, OpBuilder &builder, ValueRange arguments, ArrayRef<int64_t> positions);

  OpBuilder &b;
  Location loc;
  SmallVector<OpFoldResult> sizes;
  SmallVector<utils::IteratorType> kinds;
  SmallVector<Operand> operands;
  SmallVector<Result> results;
};

} // namespace mlir::lamina
