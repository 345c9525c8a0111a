#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {
namespace {

// The spatial part of a channels-last tensor.
FailureOr<ArrayRef<int64_t>> spatialShape(const Inference &inference, Value value, StringRef what) {
  RankedTensorType type = tensorType(value);
  if (type.getRank() < 3)
    return inference.fail(what + " of shape " + formatShape(type) +
                          " has no spatial axes: it must be (batch, spatial…, channels)");
  return type.getShape().drop_front().drop_back();
}

int64_t batchOf(Value value) { return tensorType(value).getDimSize(0); }
int64_t channelsOf(Value value) { return tensorType(value).getShape().back(); }

RankedTensorType channelsLast(int64_t batch, ArrayRef<int64_t> spatial, int64_t channels, Type elementType) {
  SmallVector<int64_t> shape{batch};
  llvm::append_range(shape, spatial);
  shape.push_back(channels);
  return RankedTensorType::get(shape, elementType);
}

// The spatial part of a kernel [K…, C / groups, F] for a tensor of `rank`.
FailureOr<ArrayRef<int64_t>> kernelWindow(const Inference &inference, Value kernel, int64_t rank) {
  RankedTensorType type = tensorType(kernel);
  if (type.getRank() != rank)
    return inference.fail("kernel of shape " + formatShape(type) + " must have rank " + Twine(rank) +
                          " as the input has");
  ArrayRef<int64_t> window = type.getShape().drop_back(2);
  if (ShapedType::isDynamicShape(window))
    return inference.fail("kernel of shape " + formatShape(type) + " must have a known window");
  return window;
}

LogicalResult checkGroups(const Inference &inference, int64_t groups, int64_t filters) {
  if (groups < 1)
    return inference.fail("groups must be at least 1, not " + Twine(groups));
  if (!ShapedType::isDynamic(filters) && filters % groups)
    return inference.fail(Twine(filters) + " filters do not divide into " + Twine(groups) + " groups");
  return success();
}

template <class Op> LogicalResult sameFloats(const Inference &inference, Op lhs, Op rhs) {
  if (failed(inference.sameElements({lhs, rhs})))
    return failure();
  return inference.checkElements(tensorType(lhs).getElementType(), Elements::Float);
}

// Whether a cotangent has the shape of the windows over the input, all sizes known or not.
LogicalResult checkWindows(const Inference &inference, const Window &window, ArrayRef<int64_t> input,
                           ArrayRef<int64_t> cotangent, StringRef what) {
  FailureOr<SmallVector<int64_t>> windows = inferWindows(inference, window, input);
  if (failed(windows))
    return failure();
  for (auto [expected, size] : llvm::zip_equal(*windows, cotangent))
    if (!meet(expected, size))
      return inference.fail(what + " has spatial shape " + formatShape(cotangent) + " but there are " +
                            formatShape(*windows) + " windows");
  return success();
}

// The window of max_pool and avg_pool over a tensor of this rank.
template <class Adaptor> LogicalResult checkPool(const Inference &inference, Adaptor op, size_t spatialRank) {
  return Window::check(inference, spatialRank, op.getWindow(), op.getStrides(), {}, op.getPadding());
}

template <class Op> Window poolWindow(Op op) {
  return Window::get(op.getWindow(), op.getStrides(), {}, op.getPadding());
}

template <class Op> Window convWindow(Op op, ArrayRef<int64_t> size) {
  return Window::get(size, op.getStrides(), op.getDilations(), op.getPadding(), op.getGroups());
}

template <class Adaptor> FailureOr<Type> inferPool(const Inference &inference, Adaptor op) {
  FailureOr<ArrayRef<int64_t>> spatial = spatialShape(inference, op.getInput(), "input");
  Type elementType = tensorType(op.getInput()).getElementType();
  if (failed(spatial) || failed(checkPool(inference, op, spatial->size())) ||
      failed(inference.checkElements(elementType, Elements::Float)))
    return failure();
  FailureOr<SmallVector<int64_t>> windows = inferWindows(inference, poolWindow(op), *spatial);
  if (failed(windows))
    return failure();
  return channelsLast(batchOf(op.getInput()), *windows, channelsOf(op.getInput()), elementType);
}

} // namespace

FailureOr<Type> ConvOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<ArrayRef<int64_t>> spatial = spatialShape(inference, op.getInput(), "input");
  if (failed(spatial) || failed(sameFloats(inference, op.getInput(), op.getKernel())))
    return failure();
  RankedTensorType input = tensorType(op.getInput()), kernel = tensorType(op.getKernel());
  FailureOr<ArrayRef<int64_t>> size = kernelWindow(inference, op.getKernel(), input.getRank());
  if (failed(size) || failed(checkGroups(inference, op.getGroups(), kernel.getShape().back())) ||
      failed(Window::check(inference, spatial->size(), *size, op.getStrides(), op.getDilations(), op.getPadding())))
    return failure();
  int64_t channels = input.getShape().back(), perGroup = kernel.getShape()[kernel.getRank() - 2];
  if (!ShapedType::isDynamic(channels) && !ShapedType::isDynamic(perGroup) &&
      (channels % op.getGroups() || channels / op.getGroups() != perGroup))
    return inference.fail("input of shape " + formatShape(input) + " has " + Twine(channels) +
                          " channels, kernel of shape " + formatShape(kernel) + " takes " + Twine(perGroup) +
                          " in each of " + Twine(op.getGroups()) + " groups");
  FailureOr<SmallVector<int64_t>> windows = inferWindows(inference, convWindow(op, *size), *spatial);
  if (failed(windows))
    return failure();
  return channelsLast(input.getDimSize(0), *windows, kernel.getShape().back(), input.getElementType());
}

FailureOr<Type> ConvTransposeOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<ArrayRef<int64_t>> spatial = spatialShape(inference, op.getInput(), "input");
  if (failed(spatial) || failed(sameFloats(inference, op.getInput(), op.getKernel())))
    return failure();
  RankedTensorType input = tensorType(op.getInput()), kernel = tensorType(op.getKernel());
  FailureOr<ArrayRef<int64_t>> size = kernelWindow(inference, op.getKernel(), input.getRank());
  if (failed(size) || failed(checkGroups(inference, op.getGroups(), kernel.getShape().back())) ||
      failed(Window::check(inference, spatial->size(), *size, op.getStrides(), op.getDilations(), op.getPadding())) ||
      failed(inference.checkSizes(op.getShape(), op.getDims())))
    return failure();
  if (op.getShape().size() != spatial->size())
    return inference.fail("shape has " + Twine(op.getShape().size()) + " entries for " + Twine(spatial->size()) +
                          " spatial axes");
  if (!meet(input.getShape().back(), kernel.getShape().back()))
    return inference.fail("input of shape " + formatShape(input) + " has " + Twine(input.getShape().back()) +
                          " channels, kernel of shape " + formatShape(kernel) + " has " +
                          Twine(kernel.getShape().back()) + " filters");
  if (failed(checkWindows(inference, convWindow(op, *size), op.getShape(), *spatial, "input")))
    return failure();
  int64_t perGroup = kernel.getShape()[kernel.getRank() - 2];
  int64_t channels = ShapedType::isDynamic(perGroup) ? perGroup : perGroup * op.getGroups();
  return channelsLast(input.getDimSize(0), op.getShape(), channels, input.getElementType());
}

FailureOr<Type> ConvKernelGradOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<ArrayRef<int64_t>> spatial = spatialShape(inference, op.getInput(), "input");
  if (failed(spatial) || failed(sameFloats(inference, op.getInput(), op.getCotangent())))
    return failure();
  RankedTensorType input = tensorType(op.getInput()), cotangent = tensorType(op.getCotangent());
  if (input.getRank() != cotangent.getRank() || !meet(input.getDimSize(0), cotangent.getDimSize(0)))
    return inference.fail("input of shape " + formatShape(input) + " does not fit a cotangent of shape " +
                          formatShape(cotangent));
  int64_t channels = input.getShape().back(), filters = cotangent.getShape().back();
  if (failed(checkGroups(inference, op.getGroups(), filters)) ||
      failed(Window::check(inference, spatial->size(), op.getKernelShape(), op.getStrides(), op.getDilations(),
                           op.getPadding())) ||
      failed(checkWindows(inference, convWindow(op, op.getKernelShape()), *spatial,
                          cotangent.getShape().drop_front().drop_back(), "cotangent")))
    return failure();
  if (!ShapedType::isDynamic(channels)) {
    if (channels % op.getGroups())
      return inference.fail(Twine(channels) + " channels do not divide into " + Twine(op.getGroups()) + " groups");
    channels /= op.getGroups();
  }
  SmallVector<int64_t> shape(op.getKernelShape());
  shape.append({channels, filters});
  return input.clone(shape);
}

FailureOr<Type> MaxPoolOp::inferType(Inference &inference, Adaptor op) { return inferPool(inference, op); }

FailureOr<Type> AvgPoolOp::inferType(Inference &inference, Adaptor op) { return inferPool(inference, op); }

FailureOr<Type> MaxPoolGradOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<Type> pooled = inferPool(inference, op);
  if (failed(pooled) || failed(sameFloats(inference, op.getInput(), op.getCotangent())))
    return failure();
  RankedTensorType cotangent = tensorType(op.getCotangent());
  auto expected = cast<RankedTensorType>(*pooled);
  bool fits = cotangent.getRank() == expected.getRank();
  for (int64_t i = 0; fits && i < expected.getRank(); ++i)
    fits = meet(cotangent.getDimSize(i), expected.getDimSize(i)).has_value();
  if (!fits)
    return inference.fail("cotangent has shape " + formatShape(cotangent) + " but the pooled tensor " +
                          formatShape(expected));
  return op.getInput().getType();
}

FailureOr<Type> AvgPoolGradOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<ArrayRef<int64_t>> spatial = spatialShape(inference, op.getCotangent(), "cotangent");
  RankedTensorType cotangent = tensorType(op.getCotangent());
  if (failed(spatial) || failed(inference.checkElements(cotangent.getElementType(), Elements::Float)) ||
      failed(checkPool(inference, op, spatial->size())) || failed(inference.checkSizes(op.getShape(), op.getDims())))
    return failure();
  if (op.getShape().size() != spatial->size())
    return inference.fail("shape has " + Twine(op.getShape().size()) + " entries for " + Twine(spatial->size()) +
                          " spatial axes");
  if (failed(checkWindows(inference, poolWindow(op), op.getShape(), *spatial, "cotangent")))
    return failure();
  return channelsLast(cotangent.getDimSize(0), op.getShape(), cotangent.getShape().back(), cotangent.getElementType());
}

Window ConvOp::getWindowInfo() { return convWindow(*this, getKernel().getType().getShape().drop_back(2)); }
Window ConvTransposeOp::getWindowInfo() { return convWindow(*this, getKernel().getType().getShape().drop_back(2)); }
Window ConvKernelGradOp::getWindowInfo() { return convWindow(*this, getKernelShape()); }
Window MaxPoolOp::getWindowInfo() { return poolWindow(*this); }
Window AvgPoolOp::getWindowInfo() { return poolWindow(*this); }
Window MaxPoolGradOp::getWindowInfo() { return poolWindow(*this); }
Window AvgPoolGradOp::getWindowInfo() { return poolWindow(*this); }

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/WindowOps.cpp.inc"
