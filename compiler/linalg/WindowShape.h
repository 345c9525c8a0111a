// Where windows lie: padding and counts of positions, as sizes that may be open.
#pragma once

#include "Lowering.h"

namespace mlir::lamina {

struct SpatialAxis {
  int64_t window, stride, dilation;
  OpFoldResult input, output; // sizes; the input is unpadded
  OpFoldResult low, high;     // padding that the windows reach

  int64_t reach() const { return (window - 1) * dilation; }
  bool isPadded() const { return staticSize(low) != 0 || staticSize(high) != 0; }
};

// The larger of two expressions of sizes.
OpFoldResult largerSize(OpBuilder &b, Location loc, AffineExpr first, AffineExpr second,
                        ArrayRef<OpFoldResult> symbols);

// The axes of a window over a tensor of these spatial sizes; empty strides and dilations are ones.
// Padding is that of the op's attribute, cut to what the last window reaches.
SmallVector<SpatialAxis> spatialAxes(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> spatial,
                                     ArrayRef<int64_t> window, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                                     Attribute padding);

// x with its spatial axes padded.
Value padSpatial(OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes, TypedAttr value);
Value padTensor(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high,
                TypedAttr value);
Value sliceTensor(OpBuilder &b, Location loc, Value x, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes);

// The last axis [groups * n] as two axes [groups, n], and back.
Value splitLast(OpBuilder &b, Location loc, Value x, int64_t groups);
Value joinLast(OpBuilder &b, Location loc, Value x);

// dy divided by the number of unpadded elements in each window.
Value divideByCount(OpBuilder &b, Location loc, Value dy, ArrayRef<SpatialAxis> axes);

// The loops of a pooling: [n, o…, c] over [k…], reading [n, o * stride + k * dilation …, c].
struct WindowLoops {
  WindowLoops(Structured &nest, OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes);
  SmallVector<AffineExpr> input, window, result;
};

// The loops of a convolution: [n, o…, group, feature] over [k…, channel]; those of its kernel's gradient:
// [k…, group, channel, feature] over [n, o…].
struct ConvSizes {
  int64_t groups, channels, features; // channels and features of one group
};
struct ConvLoops {
  ConvLoops(Structured &nest, OpBuilder &b, ArrayRef<SpatialAxis> axes, OpFoldResult batch, const ConvSizes &sizes,
            bool kernelGradient);
  SmallVector<AffineExpr> input, window, kernel, result;
};
Value multiplyAdd(Structured &nest, Type accumulator);

// The place in the window of each window's first largest element, as i32 [N, S'…, C].
Value firstMaximum(OpBuilder &b, Location loc, Value x, Value maximum, ArrayRef<SpatialAxis> axes);
Value maxPool(OpBuilder &b, Location loc, Value x, ArrayRef<SpatialAxis> axes);

} // namespace mlir::lamina
