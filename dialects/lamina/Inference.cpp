#include "dialects/lamina/Inference.h"

#include "llvm/ADT/STLExtras.h"
#include <algorithm>

namespace mlir::lamina {

std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (i)
      text += ", ";
    text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string formatShape(Type type) { return formatShape(cast<RankedTensorType>(type).getShape()); }

std::string formatDType(Type type) {
  if (type.isBF16())
    return "bfloat16";
  if (auto floating = dyn_cast<FloatType>(type))
    return "float" + std::to_string(floating.getWidth());
  if (type.isInteger(1))
    return "bool";
  if (auto integer = dyn_cast<IntegerType>(type))
    return "int" + std::to_string(integer.getWidth());
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::optional<int64_t> meet(int64_t a, int64_t b) {
  if (ShapedType::isDynamic(a))
    return b;
  if (ShapedType::isDynamic(b) || a == b)
    return a;
  return std::nullopt;
}

int64_t slicedSize(int64_t start, int64_t limit, int64_t stride, int64_t size) {
  bool toEnd = limit == ShapedType::kDynamic;
  if (ShapedType::isDynamic(size)) {
    // An empty range stays empty, whatever the size.
    bool empty = !toEnd && (start >= 0) == (limit >= 0) && start >= limit;
    return empty ? 0 : ShapedType::kDynamic;
  }
  auto clamp = [&](int64_t bound) { return std::clamp<int64_t>(bound < 0 ? bound + size : bound, 0, size); };
  int64_t first = clamp(start), last = toEnd ? size : clamp(limit);
  return first >= last ? 0 : (last - first - 1) / stride + 1;
}

LogicalResult Inference::fail(const Twine &sentence) const {
  return emitOptionalError(location, "'", op, "' op ", sentence);
}

LogicalResult Inference::checkSize(RankedTensorType type, StringRef what) const {
  constexpr int64_t most = int64_t(1) << 48;
  int64_t elements = 1;
  for (int64_t size : type.getShape()) {
    if (ShapedType::isDynamic(size) || size == 0)
      continue;
    if (elements > most / size)
      return fail(what + " of shape " + formatShape(type) + " is too large");
    elements *= size;
  }
  return success();
}

LogicalResult Inference::checkResults() const {
  for (Type type : results)
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && failed(checkSize(tensor, "result")))
      return failure();
  return success();
}

FailureOr<int64_t> Inference::axis(int64_t axis, RankedTensorType type, StringRef what) const {
  int64_t rank = type.getRank();
  if (axis < -rank || axis >= rank)
    return fail("axis " + Twine(axis) + " is out of range for " + what + " of shape " + formatShape(type));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> Inference::axes(ArrayRef<int64_t> axes, RankedTensorType type, StringRef what) const {
  SmallVector<int64_t> result;
  for (int64_t entry : axes) {
    FailureOr<int64_t> index = axis(entry, type, what);
    if (failed(index))
      return failure();
    if (llvm::is_contained(result, *index))
      return fail("axis " + Twine(entry) + " is listed twice for " + what + " of shape " + formatShape(type));
    result.push_back(*index);
  }
  return result;
}

LogicalResult Inference::checkElements(Type type, Elements elements) const {
  if (elements == Elements::Float && !isa<FloatType>(type))
    return fail("takes floating point numbers, not " + formatDType(type));
  if (elements == Elements::Numeric && type.isInteger(1))
    return fail("takes numbers, not bool");
  if (elements == Elements::Integer && (!isa<IntegerType>(type) || type.isInteger(1)))
    return fail("takes integers, not " + formatDType(type));
  if (elements == Elements::Bits && !isa<IntegerType>(type))
    return fail("takes bool or integers, not " + formatDType(type));
  if (elements == Elements::Bool && !type.isInteger(1))
    return fail("takes bool, not " + formatDType(type));
  return success();
}

LogicalResult Inference::checkIndices(RankedTensorType indices) const {
  Type type = indices.getElementType();
  if (isa<IntegerType>(type) && !type.isInteger(1))
    return success();
  return fail("takes integer indices, not " + formatDType(type));
}

FailureOr<Type> Inference::unary(Value input, Elements elements) const {
  RankedTensorType type = tensorType(input);
  if (failed(checkElements(type.getElementType(), elements)))
    return failure();
  return type;
}

LogicalResult Inference::sameElements(ValueRange operands) const {
  Type first = tensorType(operands.front()).getElementType();
  for (Value operand : operands.drop_front()) {
    Type other = tensorType(operand).getElementType();
    if (other != first)
      return fail("operands have different dtypes: " + formatDType(first) + " and " + formatDType(other));
  }
  return success();
}

FailureOr<SmallVector<int64_t>> Inference::broadcast(ValueRange operands) const {
  SmallVector<int64_t> shape;
  for (Value operand : operands) {
    ArrayRef<int64_t> sizes = tensorType(operand).getShape();
    if (sizes.size() > shape.size())
      shape.insert(shape.begin(), sizes.size() - shape.size(), 1);
    for (auto [size, result] : llvm::zip(llvm::reverse(sizes), llvm::reverse(shape))) {
      if (size == 1)
        continue;
      std::optional<int64_t> common = result == 1 ? size : meet(size, result);
      if (!common) {
        std::string shapes;
        for (auto [i, value] : llvm::enumerate(operands))
          shapes += (i == 0 ? "" : i + 1 == operands.size() ? " and " : ", ") + formatShape(value.getType());
        return fail("operands of shapes " + shapes + " do not broadcast: sizes " + Twine(result) + " and " +
                    Twine(size) + " differ");
      }
      result = *common;
    }
  }
  return shape;
}

FailureOr<Type> Inference::elementwise(ValueRange operands, Elements elements) const {
  if (failed(sameElements(operands)))
    return failure();
  Type elementType = tensorType(operands.front()).getElementType();
  if (failed(checkElements(elementType, elements)))
    return failure();
  FailureOr<SmallVector<int64_t>> shape = broadcast(operands);
  if (failed(shape))
    return failure();
  return RankedTensorType::get(*shape, elementType);
}

LogicalResult Inference::checkSizes(ArrayRef<int64_t> shape, ValueRange dims, StringRef what) const {
  for (int64_t size : shape)
    if (size < 0 && size != ShapedType::kDynamic)
      return fail(what + " has the negative size " + Twine(size));
  size_t dynamic = llvm::count(shape, ShapedType::kDynamic);
  if (dynamic != dims.size())
    return fail(what + " has " + Twine(dynamic) + " dimensions given by operands, but there are " + Twine(dims.size()));
  return success();
}

LogicalResult Inference::checkDType(Type type) const {
  if (type.isF16() || type.isBF16() || type.isF32() || type.isF64() || type.isInteger(1) || type.isSignlessInteger(8) ||
      type.isSignlessInteger(32) || type.isSignlessInteger(64))
    return success();
  return fail("does not support the dtype " + formatDType(type));
}

LogicalResult detail::checkOperand(Value operand, const Inference &inference) {
  if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
    return success(succeeded(inference.checkDType(type.getElementType())) &&
                   succeeded(inference.checkSize(type, "operand")));
  std::string text;
  llvm::raw_string_ostream(text) << operand.getType();
  return inference.fail("takes tensors, not " + text);
}

} // namespace mlir::lamina
