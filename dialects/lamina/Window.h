// The geometry that convolutions and pools share.
#pragma once

#include "dialects/lamina/Inference.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectImplementation.h"

#include "dialects/lamina/LaminaEnums.h.inc"

namespace mlir::lamina {

/// Windows over the spatial axes of a channels-last tensor.
struct Window {
  SmallVector<int64_t> size, strides, dilations;
  PaddingMode mode = PaddingMode::valid;
  /// Elements of padding before and after each axis; empty with PaddingMode::same, where they depend on the input's
  /// size.
  SmallVector<int64_t> low, high;
  int64_t groups = 1;

  /// Fills in defaults. The attributes must have passed `check`.
  static Window get(ArrayRef<int64_t> size, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations, Attribute padding,
                    int64_t groups = 1);
  /// Whether the attributes fit a tensor with so many spatial axes and a window of this size.
  static LogicalResult check(const Inference &inference, size_t spatialRank, ArrayRef<int64_t> size,
                             ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations, Attribute padding);

  unsigned rank() const { return size.size(); }
  /// Elements that a window spans, holes included.
  int64_t extent(unsigned axis) const { return (size[axis] - 1) * dilations[axis] + 1; }
  /// The number of windows along an axis of this size, kDynamic for kDynamic; none if no window fits.
  std::optional<int64_t> outputSize(unsigned axis, int64_t inputSize) const;
  /// Low and high padding of an axis of this size; none where it depends on an unknown size.
  std::optional<std::pair<int64_t, int64_t>> padding(unsigned axis, int64_t inputSize) const;
};

/// Sizes of the windows over the spatial part of `shape`, as a sentence if they do not fit.
FailureOr<SmallVector<int64_t>> inferWindows(const Inference &inference, const Window &window,
                                             ArrayRef<int64_t> spatial);

} // namespace mlir::lamina
