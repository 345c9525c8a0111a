// What type inference of all ops shares: access to attributes, sentences for errors, broadcasting.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OpDefinition.h"

namespace mlir::lamina {

/// Element types an elementwise op takes.
enum class Elements { Any, Numeric, Float, Integer, Bits, Bool };

/// Entries of a `shape` attribute beside sizes and kDynamic.
constexpr int64_t inferredDim = -1;
constexpr int64_t dimOfInput(int64_t axis) { return -2 - axis; }
constexpr int64_t inputDim(int64_t size) { return -2 - size; }
constexpr bool isDimOfInput(int64_t size) { return size <= -2 && size != ShapedType::kDynamic; }

/// "(?, 784)".
std::string formatShape(ArrayRef<int64_t> shape);
std::string formatShape(Type type);
/// "float32".
std::string formatDType(Type elementType);

/// Two sizes that must be equal: the static one of them, or nullopt if both are static and differ.
std::optional<int64_t> meet(int64_t a, int64_t b);

/// The size of a numpy slice of an axis, kDynamic where it depends on an unknown size.
int64_t slicedSize(int64_t start, int64_t limit, int64_t stride, int64_t size);

class Inference {
public:
  Inference(std::optional<Location> location, StringRef op, SmallVectorImpl<Type> &results)
      : results(results), location(location), op(op) {}

  LogicalResult fail(const Twine &sentence) const;

  /// Whether the results are of a size that memory could hold, so that sizes can be added and multiplied.
  LogicalResult checkResults() const;
  LogicalResult checkSize(RankedTensorType type, StringRef what) const;

  /// An axis, negative ones counted from the end, as an index; `what` names the operand in errors.
  FailureOr<int64_t> axis(int64_t axis, RankedTensorType type, StringRef what = "input") const;
  /// Distinct axes.
  FailureOr<SmallVector<int64_t>> axes(ArrayRef<int64_t> axes, RankedTensorType type, StringRef what = "input") const;

  /// Whether the dialect has tensors of this element type.
  LogicalResult checkDType(Type elementType) const;
  LogicalResult checkElements(Type elementType, Elements elements) const;
  LogicalResult checkIndices(RankedTensorType indices) const;
  FailureOr<Type> unary(Value input, Elements elements) const;
  /// Operands of one element type, broadcast.
  FailureOr<Type> elementwise(ValueRange operands, Elements elements) const;
  FailureOr<SmallVector<int64_t>> broadcast(ValueRange operands) const;
  LogicalResult sameElements(ValueRange operands) const;

  /// The sizes of a `shape` attribute without an input: static, or kDynamic with an operand.
  LogicalResult checkSizes(ArrayRef<int64_t> shape, ValueRange dims, StringRef what = "shape") const;

  SmallVectorImpl<Type> &results;

private:
  std::optional<Location> location;
  StringRef op;
};

inline RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Axes of ops may be negative, counted from the end; these are not.
inline int64_t normalizeAxis(int64_t axis, RankedTensorType type) { return axis < 0 ? axis + type.getRank() : axis; }
inline SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes, RankedTensorType type) {
  return llvm::map_to_vector(axes, [&](int64_t axis) { return normalizeAxis(axis, type); });
}

namespace detail {

template <class Op> constexpr size_t leastOperands() {
  if constexpr (Op::template hasTrait<OpTrait::OneOperand>())
    return 1;
  else if constexpr (Op::template hasTrait<OpTrait::NOperands<2>::Impl>() ||
                     Op::template hasTrait<OpTrait::AtLeastNOperands<2>::Impl>())
    return 2;
  else if constexpr (Op::template hasTrait<OpTrait::NOperands<3>::Impl>() ||
                     Op::template hasTrait<OpTrait::AtLeastNOperands<3>::Impl>())
    return 3;
  else if constexpr (Op::template hasTrait<OpTrait::AtLeastNOperands<7>::Impl>())
    return 7;
  else if constexpr (Op::template hasTrait<OpTrait::AtLeastNOperands<1>::Impl>())
    return 1;
  else
    return 0;
}

LogicalResult checkOperand(Value operand, const Inference &inference);

} // namespace detail

/// Inference for an op that may not exist yet: its attributes are in `properties`, or all in `attributes` when it is
/// built by name. What the verifier would reject is rejected here, so that `inferType` sees attributes and operands of
/// the right kind.
template <class Op> LogicalResult inferWith(MLIRContext *context, std::optional<Location> location, ValueRange operands,
                                            DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &results) {
  Inference inference(location, Op::getOperationName(), results);
  using Properties = typename Op::Properties;
  Properties values{};
  if constexpr (!std::is_same_v<Properties, EmptyProperties>) {
    if (properties) {
      values = *properties.as<Properties *>();
      // The parser leaves what it read from an attribute dictionary there.
      if (attributes)
        for (NamedAttribute attribute : attributes)
          Op::setInherentAttr(values, attribute.getName(), attribute.getValue());
    } else if (attributes) {
      auto emitError = [&] { return mlir::emitError(location.value_or(UnknownLoc::get(context))); };
      if (failed(Op::setPropertiesFromAttr(values, attributes, emitError)))
        return failure();
    }
    Op::populateDefaultProperties(OperationName(Op::getOperationName(), context), values);
  }
  size_t least = detail::leastOperands<Op>();
  if (operands.size() < least)
    return inference.fail("takes " + Twine(least) + " operands, not " + Twine(operands.size()));
  if constexpr (requires { values.operandSegmentSizes; }) {
    int64_t sum = 0;
    for (int32_t size : values.operandSegmentSizes)
      sum += size;
    if (sum != static_cast<int64_t>(operands.size()))
      return inference.fail("has " + Twine(operands.size()) + " operands in segments of " + Twine(sum));
  }
  typename Op::Adaptor adaptor(operands, attributes, values, regions);
  if (failed(adaptor.verify(location.value_or(UnknownLoc::get(context)))))
    return failure();
  ValueRange indices;
  if constexpr (requires { adaptor.getDims(); })
    indices = adaptor.getDims();
  Value length;
  if constexpr (requires { adaptor.getLength(); })
    length = adaptor.getLength();
  for (Value operand : operands) {
    bool isIndex = operand == length || llvm::is_contained(indices, operand);
    if (isIndex && operand.getType().isIndex())
      continue;
    if (isIndex)
      return inference.fail("takes a dimension of type index");
    if (failed(detail::checkOperand(operand, inference)))
      return failure();
  }
  if constexpr (requires { Op::inferTypes(inference, adaptor); }) {
    if (failed(Op::inferTypes(inference, adaptor)))
      return failure();
  } else {
    FailureOr<Type> type = Op::inferType(inference, adaptor);
    if (failed(type))
      return failure();
    results.push_back(*type);
  }
  return inference.checkResults();
}

} // namespace mlir::lamina
