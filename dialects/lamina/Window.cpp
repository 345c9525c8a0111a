#include "dialects/lamina/Window.h"

#include <algorithm>

namespace mlir::lamina {

Window Window::get(ArrayRef<int64_t> size, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations, Attribute padding,
                   int64_t groups) {
  Window window;
  window.size.assign(size.begin(), size.end());
  window.groups = groups;
  auto orOnes = [&](ArrayRef<int64_t> values) {
    return values.empty() ? SmallVector<int64_t>(size.size(), 1) : SmallVector<int64_t>(values);
  };
  window.strides = orOnes(strides);
  window.dilations = orOnes(dilations);
  if (auto pairs = dyn_cast<DenseI64ArrayAttr>(padding)) {
    window.mode = PaddingMode::explicit_;
    for (int64_t i = 0; i + 1 < pairs.size(); i += 2) {
      window.low.push_back(pairs[i]);
      window.high.push_back(pairs[i + 1]);
    }
    return window;
  }
  window.mode = *symbolizePaddingMode(cast<StringAttr>(padding).getValue());
  if (window.mode == PaddingMode::valid) {
    window.low.assign(size.size(), 0);
    window.high.assign(size.size(), 0);
  }
  return window;
}

LogicalResult Window::check(const Inference &inference, size_t spatialRank, ArrayRef<int64_t> size,
                            ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations, Attribute padding) {
  // Larger values have no use and would overflow the arithmetic of sizes.
  constexpr int64_t most = int64_t(1) << 31;
  auto checkList = [&](StringRef name, ArrayRef<int64_t> values, int64_t least) -> LogicalResult {
    for (int64_t value : values)
      if (value < least || value >= most)
        return inference.fail(name + " must be at least " + Twine(least) + " and below 2^31, not " + Twine(value));
    return success();
  };
  auto checkRank = [&](StringRef name, size_t entries) -> LogicalResult {
    if (entries == spatialRank)
      return success();
    return inference.fail(name + " has " + Twine(entries) + " entries for " + Twine(spatialRank) + " spatial axes");
  };
  if (failed(checkRank("window", size.size())) || failed(checkList("window", size, 1)) ||
      (!strides.empty() && failed(checkRank("strides", strides.size()))) || failed(checkList("strides", strides, 1)) ||
      (!dilations.empty() && failed(checkRank("dilations", dilations.size()))) ||
      failed(checkList("dilations", dilations, 1)))
    return failure();
  for (auto [i, value] : llvm::enumerate(size))
    if (!dilations.empty() && value * dilations[i] >= most)
      return inference.fail("window of " + Twine(value) + " dilated by " + Twine(dilations[i]) + " is too large");
  auto pairs = dyn_cast<DenseI64ArrayAttr>(padding);
  if (!pairs)
    return success();
  if (pairs.size() % 2 || pairs.size() / 2 != static_cast<int64_t>(spatialRank))
    return inference.fail("padding has " + Twine(pairs.size()) + " entries, not a (low, high) pair for each of " +
                          Twine(spatialRank) + " spatial axes");
  return checkList("padding", pairs, 0);
}

std::optional<int64_t> Window::outputSize(unsigned axis, int64_t inputSize) const {
  if (ShapedType::isDynamic(inputSize))
    return ShapedType::kDynamic;
  if (mode == PaddingMode::same)
    return llvm::divideCeil(inputSize, strides[axis]);
  int64_t room = inputSize + low[axis] + high[axis] - extent(axis);
  if (room < 0)
    return std::nullopt;
  return room / strides[axis] + 1;
}

std::optional<std::pair<int64_t, int64_t>> Window::padding(unsigned axis, int64_t inputSize) const {
  if (mode != PaddingMode::same)
    return std::pair(low[axis], high[axis]);
  int64_t total = extent(axis) - 1;
  if (strides[axis] != 1) {
    if (ShapedType::isDynamic(inputSize))
      return std::nullopt;
    int64_t windows = llvm::divideCeil(inputSize, strides[axis]);
    total = std::max<int64_t>((windows - 1) * strides[axis] + extent(axis) - inputSize, 0);
  }
  return std::pair(total / 2, total - total / 2);
}

FailureOr<SmallVector<int64_t>> inferWindows(const Inference &inference, const Window &window,
                                             ArrayRef<int64_t> spatial) {
  SmallVector<int64_t> result;
  for (auto [axis, size] : llvm::enumerate(spatial)) {
    std::optional<int64_t> windows = window.outputSize(axis, size);
    if (!windows)
      return inference.fail(
          "a window of " + Twine(window.extent(axis)) + " does not fit into spatial axis " + Twine(axis) + " of size " +
          Twine(size) +
          (window.mode == PaddingMode::valid ? "; a smaller window or padding \"same\" would" : " with its padding"));
    result.push_back(*windows);
  }
  return result;
}

} // namespace mlir::lamina
