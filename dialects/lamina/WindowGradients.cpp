#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

namespace mlir::lamina {

namespace {

/// The spatial axes of a channels-last tensor, as a shape attribute and index operands.
std::pair<DenseI64ArrayAttr, SmallVector<Value>> spatialShape(GradientBuilder &b, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Value> dims;
  for (int64_t axis = 1; axis + 1 < type.getRank(); ++axis)
    if (type.isDynamicDim(axis))
      dims.push_back(b.dim(value, axis));
  return {b.getBuilder().getDenseI64ArrayAttr(type.getShape().drop_front().drop_back()), dims};
}

/// Cotangent of a convolution's input; `op` gives strides, dilations, groups and padding.
template <typename Op> Term inputCotangent(GradientBuilder &b, Op op, Value g, Value kernel, Value input) {
  auto [shape, dims] = spatialShape(b, input);
  return b.create<ConvTransposeOp>(g, kernel, dims, shape, op.getStridesAttr(), op.getDilationsAttr(),
                                   op.getGroupsAttr(), op.getPaddingAttr());
}

template <typename Op> Term kernelCotangent(GradientBuilder &b, Op op, Value input, Value g, Value kernel) {
  auto shape = cast<RankedTensorType>(kernel.getType()).getShape().drop_back(2);
  return b.create<ConvKernelGradOp>(input, g, b.getBuilder().getDenseI64ArrayAttr(shape), op.getStridesAttr(),
                                    op.getDilationsAttr(), op.getGroupsAttr(), op.getPaddingAttr());
}

template <typename Op> Term convolve(GradientBuilder &b, Op op, Value input, Value kernel) {
  return b.create<ConvOp>(input, kernel, op.getStridesAttr(), op.getDilationsAttr(), op.getGroupsAttr(),
                          op.getPaddingAttr());
}

} // namespace

void ConvOp::buildGradient(GradientBuilder &b) {
  Value g = b.cotangent(), x = getInput(), k = getKernel();
  // dx = convᵀ(g, k)
  if (b.wanted(x))
    b.propagate(x, inputCotangent(b, *this, g, k, x));
  // dk = Σ x ⊗ g over the windows
  if (b.wanted(k))
    b.propagate(k, kernelCotangent(b, *this, x, g, k));
}

void ConvTransposeOp::buildGradient(GradientBuilder &b) {
  Value g = b.cotangent(), x = getInput(), k = getKernel();
  // dx = conv(g, k)
  if (b.wanted(x))
    b.propagate(x, convolve(b, *this, g, k));
  // dk = Σ g ⊗ x over the windows of g
  if (b.wanted(k))
    b.propagate(k, kernelCotangent(b, *this, g, x, k));
}

void ConvKernelGradOp::buildGradient(GradientBuilder &b) {
  Value g = b.cotangent(), x = getInput(), dy = getCotangent();
  // dx = convᵀ(dy, g)
  if (b.wanted(x))
    b.propagate(x, inputCotangent(b, *this, dy, g, x));
  // d(dy) = conv(x, g)
  if (b.wanted(dy))
    b.propagate(dy, convolve(b, *this, x, g));
}

void MaxPoolOp::buildGradient(GradientBuilder &b) {
  // dx = g of each window, at its first maximum
  b.propagate(getInput(),
              b.create<MaxPoolGradOp>(getInput(), b.cotangent(), getWindowAttr(), getStridesAttr(), getPaddingAttr()));
}

void AvgPoolOp::buildGradient(GradientBuilder &b) {
  auto [shape, dims] = spatialShape(b, getInput());
  // dx = g / n of each window, at each of its n elements
  b.propagate(getInput(),
              b.create<AvgPoolGradOp>(b.cotangent(), dims, shape, getWindowAttr(), getStridesAttr(), getPaddingAttr()));
}

void MaxPoolGradOp::buildGradient(GradientBuilder &b) {
  if (b.wanted(getCotangent()))
    b.fail("has no gradient: max pooling can be differentiated once");
}

void AvgPoolGradOp::buildGradient(GradientBuilder &b) {
  // d(dy) = mean of g over each window
  b.propagate(getCotangent(), b.create<AvgPoolOp>(b.cotangent(), getWindowAttr(), getStridesAttr(), getPaddingAttr()));
}

} // namespace mlir::lamina
