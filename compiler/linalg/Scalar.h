// Scalar code inside the region of a structured op: one call an operation, for floats and integers alike.
#pragma once

#include "mlir/IR/Builders.h"

namespace mlir::lamina {

enum class Predicate { Eq, Ne, Lt, Le, Gt, Ge };

class Scalar {
public:
  Scalar(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  OpBuilder &builder() { return b; }
  Location location() const { return loc; }

  Value constant(Type type, double value);
  Value constantInt(Type type, int64_t value);
  Value constant(TypedAttr value);

  // Floats contract: mul and add may become one fma.
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value rem(Value x, Value y);
  Value pow(Value x, Value y);
  Value maximum(Value x, Value y);
  /// The other one, if one is NaN.
  Value maximumNumber(Value x, Value y);
  Value minimum(Value x, Value y);
  Value logicalAnd(Value x, Value y);
  Value logicalOr(Value x, Value y);
  Value logicalXor(Value x, Value y);
  Value shiftRight(Value x, Value by);
  Value compare(Predicate predicate, Value x, Value y);
  Value select(Value condition, Value x, Value y);

  Value neg(Value x);
  Value abs(Value x);
  Value sign(Value x);
  Value exp(Value x);
  Value log1p(Value x);
  Value sqrt(Value x);
  Value isNan(Value x);
  Value logicalNot(Value x);
  Value cast(Value x, Type type);

  // x to a constant power: multiplications where the exponent is a small integer or a half.
  Value pow(Value x, double exponent);

private:
  Value floatToInt(Value x, Type type);

  OpBuilder &b;
  Location loc;
};

} // namespace mlir::lamina
