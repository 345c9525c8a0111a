#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::lamina {

class GradientBuilder;

/// A value inside a formula: `g * y * (1.0 - y)` emits lamina ops where the builder stands.
class Term {
public:
  Term() = default;
  Term(GradientBuilder &builder, Value value) : builder(&builder), value(value) {}

  operator Value() const { return value; }
  explicit operator bool() const { return static_cast<bool>(value); }
  GradientBuilder &getBuilder() const { return *builder; }
  RankedTensorType getType() const { return cast<RankedTensorType>(value.getType()); }
  int64_t getRank() const { return getType().getRank(); }

private:
  GradientBuilder *builder = nullptr;
  Value value;
};

Term operator+(Term lhs, Term rhs);
Term operator-(Term lhs, Term rhs);
Term operator*(Term lhs, Term rhs);
Term operator/(Term lhs, Term rhs);
Term operator-(Term term);
Term operator+(Term lhs, double rhs);
Term operator-(Term lhs, double rhs);
Term operator-(double lhs, Term rhs);
Term operator*(Term lhs, double rhs);
Term operator/(Term lhs, double rhs);
Term operator/(double lhs, Term rhs);
Term equal(Term lhs, Term rhs);
Term equal(Term lhs, double rhs);
Term greater(Term lhs, double rhs);
Term select(Term condition, Term lhs, Term rhs);
Term select(Term condition, Term lhs, double rhs);
Term select(Term condition, double lhs, Term rhs);
/// 1 where the condition holds and 0 elsewhere, in the element type of `like`.
Term indicator(Term condition, Term like);

/// Reverse mode over a list of ops in one block. Each op's `buildGradient` reads the cotangents of its results here and
/// passes on those of what it uses, operands and values captured by its regions alike.
class GradientBuilder {
public:
  /// `wanted` holds every value whose cotangent may be asked for: what depends on the values differentiated by.
  GradientBuilder(OpBuilder &builder, Location location, const DenseSet<Value> &wanted)
      : builder(builder), wantedValues(wanted), location(location) {}

  // The engine.

  /// Adds to the cotangent of `value`.
  void accumulate(Value value, Value cotangent);
  /// Walks `ops` from last to first. Fails, after an error, at an op that has no gradient.
  LogicalResult backpropagate(ArrayRef<Operation *> ops);
  /// The cotangent of `value`, null if nothing flows back to it.
  Value lookup(Value value) const { return cotangents.lookup(value); }
  /// The same, with zeros of the shape of `like` instead of null.
  Value lookupOrZero(Value value, Value like);
  /// Puts the replacements that gradients asked for in the place of the ops they replace.
  void applyReplacements();

  // What an op's gradient uses.

  Operation *getOperation() const { return op; }
  OpBuilder &getBuilder() { return builder; }
  Location getLoc() const { return location; }
  Term cotangent(unsigned result = 0);
  Term operand(unsigned index) { return {*this, op->getOperand(index)}; }
  Term result(unsigned index = 0) { return {*this, op->getResult(index)}; }
  bool wanted(Value value) const { return wantedValues.contains(value); }
  /// Passes `cotangent` on to `value`, summed over the axes along which `value` was broadcast.
  void propagate(Value value, Value cotangent);
  /// Ends the walk with an error at the op.
  void fail(const Twine &reason);
  /// Ends the walk after an error that is reported already.
  void abort() { failed = true; }
  /// Asks that `newResults` stand for the op's results once all gradients are built.
  void replaceOp(Operation *op, ValueRange newResults) { replacements.push_back({op, llvm::to_vector(newResults)}); }

  // Ops. Attributes of shape and type follow from the operands.

  template <typename Op, typename... Args> Term create(Args &&...args) {
    return {*this, Op::create(builder, location, std::forward<Args>(args)...)->getResult(0)};
  }
  Term constant(Type elementType, double value);
  Term zeros(Value like) { return filled(like, 0.0); }
  Term ones(Value like) { return filled(like, 1.0); }
  /// A tensor of the shape and type of `like`.
  Term filled(Value like, double value);
  Term broadcastLike(Value value, Value like);
  Term reshapeLike(Value value, Value like);
  /// Sums over axes; without axes the value itself.
  Term sum(Value value, ArrayRef<int64_t> axes, bool keepDims = false);
  Term transpose(Value value, ArrayRef<int64_t> permutation);
  /// `reduced`, the result of a reduction of `input` over `axes`, with the reduced axes back at size 1.
  Term expandReduced(Value reduced, Value input, ArrayRef<int64_t> axes, bool keepDims);
  Value dim(Value value, int64_t axis);
  /// Dimensions of `value` as a shape attribute and one index operand for each `?`.
  std::pair<SmallVector<int64_t>, SmallVector<Value>> shapeOf(Value value);

private:
  Value reduceToShape(Value cotangent, RankedTensorType type);
  DenseElementsAttr splat(RankedTensorType type, double value);

  OpBuilder &builder;
  const DenseSet<Value> &wantedValues;
  DenseMap<Value, Value> cotangents;
  SmallVector<std::pair<Operation *, SmallVector<Value>>> replacements;
  Operation *op = nullptr;
  Location location;
  bool failed = false;
};

/// Whether cotangents exist for the type: a tensor of floats.
bool isDifferentiableType(Type type);

/// Axes counted from the start; negative ones count from the end of `rank`.
SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, int64_t rank);

/// Adds to `active` each result of `ops`, in order, that depends on a value in it; regions count with what they
/// capture.
void collectDependents(ArrayRef<Operation *> ops, DenseSet<Value> &active);

} // namespace mlir::lamina
