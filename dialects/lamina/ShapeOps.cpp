#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {
namespace {

// "[dim 0, infer, 8]" without operands, for sentences.
std::string formatTarget(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (i)
      text += ", ";
    if (ShapedType::isDynamic(size))
      text += "?";
    else if (isDimOfInput(size))
      text += "dim " + std::to_string(inputDim(size));
    else
      text += std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

// Checks the entries of a `shape` attribute that may refer to the input.
LogicalResult checkTarget(const Inference &inference, ArrayRef<int64_t> shape, ValueRange dims, RankedTensorType input,
                          bool mayInfer) {
  int inferred = 0;
  for (int64_t size : shape) {
    if (isDimOfInput(size) && inputDim(size) >= input.getRank())
      return inference.fail("shape " + formatTarget(shape) + " names dimension " + Twine(inputDim(size)) +
                            " of an input of shape " + formatShape(input));
    inferred += size == inferredDim;
  }
  if (inferred > mayInfer)
    return inference.fail("shape " + formatTarget(shape) +
                          (mayInfer ? " has more than one dimension to infer" : " cannot be inferred"));
  size_t dynamic = llvm::count(shape, ShapedType::kDynamic);
  if (dynamic != dims.size())
    return inference.fail("shape has " + Twine(dynamic) + " dimensions given by operands, but there are " +
                          Twine(dims.size()));
  return success();
}

// A product of sizes: a static factor and the axes of the input whose unknown sizes are factors.
struct Product {
  int64_t factor = 1;
  SmallVector<int64_t> axes;
  bool overflow = false;

  void multiply(int64_t size) { overflow |= llvm::MulOverflow(factor, size, factor); }
  void multiplyAxis(RankedTensorType input, int64_t axis) {
    if (input.isDynamicDim(axis))
      axes.push_back(axis);
    else
      multiply(input.getDimSize(axis));
  }
};

} // namespace

FailureOr<Type> ConstantOp::inferType(Inference &inference, Adaptor op) {
  auto type = dyn_cast<RankedTensorType>(op.getValue().getType());
  if (!type)
    return inference.fail("takes the elements of a tensor");
  if (failed(inference.checkDType(type.getElementType())))
    return failure();
  return type;
}

FailureOr<Type> DimOp::inferType(Inference &inference, Adaptor op) {
  if (failed(inference.axis(op.getAxis(), tensorType(op.getInput()))))
    return failure();
  return IndexType::get(op.getInput().getContext());
}

FailureOr<Type> IotaOp::inferType(Inference &inference, Adaptor op) {
  if (failed(inference.checkDType(op.getDtype())) ||
      failed(inference.checkElements(op.getDtype(), Elements::Numeric)) ||
      failed(inference.checkSizes(op.getShape(), op.getDims())))
    return failure();
  auto type = RankedTensorType::get(op.getShape(), op.getDtype());
  if (failed(inference.axis(op.getAxis(), type, "result")))
    return failure();
  return type;
}

FailureOr<Type> ReshapeOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType input = tensorType(op.getInput());
  if (failed(checkTarget(inference, op.getShape(), op.getDims(), input, /*mayInfer=*/true)))
    return failure();
  Product have, want;
  for (int64_t axis = 0; axis < input.getRank(); ++axis)
    have.multiplyAxis(input, axis);
  SmallVector<int64_t> shape;
  std::optional<size_t> inferred;
  bool unknown = false;
  for (int64_t size : op.getShape()) {
    if (size == inferredDim) {
      inferred = shape.size();
      shape.push_back(ShapedType::kDynamic);
    } else if (isDimOfInput(size)) {
      shape.push_back(input.getDimSize(inputDim(size)));
      want.multiplyAxis(input, inputDim(size));
    } else {
      shape.push_back(size);
      if (ShapedType::isDynamic(size))
        unknown = true;
      else
        want.multiply(size);
    }
  }
  if (have.overflow || want.overflow)
    return inference.fail("shape " + formatTarget(op.getShape()) + " has too many elements");
  // Unknown sizes that stand on both sides cancel.
  for (int64_t axis : want.axes) {
    auto *found = llvm::find(have.axes, axis);
    if (found == have.axes.end())
      unknown = true;
    else
      have.axes.erase(found);
  }
  if (unknown || !have.axes.empty()) {
    // With sizes left over on one side only, the other side's static factor need not divide.
    return RankedTensorType::get(shape, input.getElementType());
  }
  auto mismatch = [&] {
    return inference.fail("input of shape " + formatShape(input) + " cannot be reshaped to " +
                          formatTarget(op.getShape()) + ": the numbers of elements differ");
  };
  if (!inferred) {
    if (have.factor != want.factor)
      return mismatch();
  } else if (want.factor == 0) {
    if (have.factor != 0)
      return mismatch();
    shape[*inferred] = 0;
  } else if (have.factor % want.factor) {
    return mismatch();
  } else {
    shape[*inferred] = have.factor / want.factor;
  }
  return RankedTensorType::get(shape, input.getElementType());
}

FailureOr<Type> BroadcastToOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType input = tensorType(op.getInput());
  if (failed(checkTarget(inference, op.getShape(), op.getDims(), input, /*mayInfer=*/false)))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t size : op.getShape())
    shape.push_back(isDimOfInput(size) ? input.getDimSize(inputDim(size)) : size);
  auto mismatch = [&] {
    return inference.fail("input of shape " + formatShape(input) + " does not broadcast to " + formatShape(shape));
  };
  if (static_cast<int64_t>(shape.size()) < input.getRank())
    return mismatch();
  for (auto [size, result] : llvm::zip(llvm::reverse(input.getShape()), llvm::reverse(shape)))
    if (size != 1 && !meet(size, result))
      return mismatch();
  return RankedTensorType::get(shape, input.getElementType());
}

FailureOr<Type> TransposeOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType input = tensorType(op.getInput());
  if (static_cast<int64_t>(op.getPermutation().size()) != input.getRank())
    return inference.fail("permutation has " + Twine(op.getPermutation().size()) + " entries for an input of shape " +
                          formatShape(input));
  FailureOr<SmallVector<int64_t>> axes = inference.axes(op.getPermutation(), input);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t axis : *axes)
    shape.push_back(input.getDimSize(axis));
  return input.clone(shape);
}

FailureOr<Type> ConcatenateOp::inferType(Inference &inference, Adaptor op) {
  if (op.getInputs().empty())
    return inference.fail("needs at least one tensor");
  RankedTensorType first = tensorType(op.getInputs().front());
  FailureOr<int64_t> axis = inference.axis(op.getAxis(), first);
  if (failed(axis) || failed(inference.sameElements(op.getInputs())))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : op.getInputs().drop_front()) {
    RankedTensorType type = tensorType(input);
    auto mismatch = [&] {
      return inference.fail("inputs of shapes " + formatShape(first) + " and " + formatShape(type) +
                            " differ beside axis " + Twine(*axis));
    };
    if (type.getRank() != first.getRank())
      return mismatch();
    for (int64_t i = 0; i < type.getRank(); ++i) {
      int64_t size = type.getDimSize(i);
      if (i == *axis) {
        bool known = !ShapedType::isDynamic(shape[i]) && !ShapedType::isDynamic(size);
        shape[i] = known ? shape[i] + size : ShapedType::kDynamic;
        continue;
      }
      std::optional<int64_t> common = meet(shape[i], size);
      if (!common)
        return mismatch();
      shape[i] = *common;
    }
  }
  return first.clone(shape);
}

FailureOr<Type> SliceOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType input = tensorType(op.getInput());
  auto rank = static_cast<size_t>(input.getRank());
  if (op.getStarts().size() != rank || op.getLimits().size() != rank || op.getStrides().size() != rank)
    return inference.fail("needs a start, a limit and a stride for each axis of an input of shape " +
                          formatShape(input));
  SmallVector<int64_t> shape;
  for (auto [start, limit, stride, size] :
       llvm::zip(op.getStarts(), op.getLimits(), op.getStrides(), input.getShape())) {
    if (stride < 1)
      return inference.fail("strides must be positive, not " + Twine(stride));
    shape.push_back(slicedSize(start, limit, stride, size));
  }
  return input.clone(shape);
}

FailureOr<Type> PadOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType input = tensorType(op.getInput());
  auto rank = static_cast<size_t>(input.getRank());
  if (op.getLow().size() != rank || op.getHigh().size() != rank)
    return inference.fail("needs a low and a high padding for each axis of an input of shape " + formatShape(input));
  SmallVector<int64_t> shape;
  for (auto [low, high, size] : llvm::zip(op.getLow(), op.getHigh(), input.getShape())) {
    int64_t sum;
    if (low < 0 || high < 0 || llvm::AddOverflow(low, high, sum) ||
        (!ShapedType::isDynamic(size) && llvm::AddOverflow(sum, size, sum)))
      return inference.fail("padding must not be negative or too large, not (" + Twine(low) + ", " + Twine(high) + ")");
    shape.push_back(ShapedType::isDynamic(size) ? size : sum);
  }
  return input.clone(shape);
}

FailureOr<Type> ReverseOp::inferType(Inference &inference, Adaptor op) {
  if (failed(inference.axes(op.getAxes(), tensorType(op.getInput()))))
    return failure();
  return op.getInput().getType();
}

FailureOr<Type> GatherOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType table = tensorType(op.getTable()), indices = tensorType(op.getIndices());
  if (table.getRank() == 0)
    return inference.fail("takes a table with rows, not a scalar");
  if (failed(inference.checkIndices(indices)))
    return failure();
  SmallVector<int64_t> shape(indices.getShape());
  llvm::append_range(shape, table.getShape().drop_front());
  return table.clone(shape);
}

FailureOr<Type> ScatterAddOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType init = tensorType(op.getInit()), indices = tensorType(op.getIndices());
  RankedTensorType updates = tensorType(op.getUpdates());
  if (init.getRank() == 0)
    return inference.fail("takes a table with rows, not a scalar");
  if (failed(inference.sameElements({op.getInit(), op.getUpdates()})) ||
      failed(inference.checkElements(init.getElementType(), Elements::Numeric)) ||
      failed(inference.checkIndices(indices)))
    return failure();
  SmallVector<int64_t> expected(indices.getShape());
  llvm::append_range(expected, init.getShape().drop_front());
  bool fits = expected.size() == static_cast<size_t>(updates.getRank());
  for (size_t i = 0; fits && i < expected.size(); ++i)
    fits = meet(expected[i], updates.getDimSize(i)).has_value();
  if (!fits)
    return inference.fail("updates must have shape " + formatShape(expected) + ", not " + formatShape(updates));
  return init;
}

FailureOr<Type> OneHotOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType indices = tensorType(op.getIndices());
  if (failed(inference.checkIndices(indices)) || failed(inference.checkDType(op.getDtype())))
    return failure();
  if (op.getDepth() < 0)
    return inference.fail("depth must not be negative, not " + Twine(op.getDepth()));
  SmallVector<int64_t> shape(indices.getShape());
  shape.push_back(op.getDepth());
  return RankedTensorType::get(shape, op.getDtype());
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/ShapeOps.cpp.inc"
