#ifndef LAMINA_LAYERS_RESHAPING_BASE_UP_SAMPLING_H
#define LAMINA_LAYERS_RESHAPING_BASE_UP_SAMPLING_H

#include <algorithm>
#include <cmath>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Axis `axis` and the one behind it as one; either may be open.
inline Value merge_axes(const Value &x, std::int64_t axis) {
  std::vector<std::int64_t> merged;
  for (std::int64_t i = 0; i + 1 < x.rank(); ++i)
    merged.push_back(i == axis ? -1 : -2 - (i < axis ? i : i + 1));
  return reshape(x, merged);
}

/// Every element of an axis `times` times in a row; the axis may be open.
inline Value repeat(const Value &x, std::int64_t axis, std::int64_t times) {
  if (times == 1)
    return x;
  Dims wide = dims_of(x);
  wide.insert(wide.begin() + axis + 1, Dim(times));
  return merge_axes(broadcast_to(expand_dims(x, axis + 1), wide), axis);
}

/// `times` elements for each of an axis, on the lines between neighbours; beyond the ends lie the ends again. The axis
/// may be open.
inline Value interpolate(const Value &x, std::int64_t axis, std::int64_t times) {
  if (times == 1)
    return x;
  constexpr std::int64_t neighbours = 3;
  Value padded = concatenate({slice_axis(x, axis, 0, 1), x, slice_axis(x, axis, -1)}, axis), sum;
  for (std::int64_t i = 0; i < neighbours; ++i) {
    Shape shape(std::vector<std::int64_t>(static_cast<std::size_t>(x.rank() - axis), 1));
    shape[0] = times;
    Tensor weights(shape, DType::Float32);
    for (std::int64_t part = 0; part < times; ++part) {
      double place = (static_cast<double>(part) + 0.5) / static_cast<double>(times) + 0.5;
      weights.values<float>()[static_cast<std::size_t>(part)] =
          static_cast<float>(std::max(0.0, 1 - std::abs(place - static_cast<double>(i))));
    }
    Value seen = slice_axis(padded, axis, i, i + 1 < neighbours ? i + 1 - neighbours : to_end);
    Value term = expand_dims(seen, axis + 1) * constant(x.graph(), weights);
    sum = sum.defined() ? Value(sum + term) : term;
  }
  return merge_axes(sum, axis);
}

/// The kernels of interpolation by distance: triangle, Keys's cubic, Lanczos's windowed sinc.
inline double interpolation_kernel(const std::string &interpolation, double x) {
  constexpr double pi = 3.14159265358979323846;
  if (interpolation == "bilinear")
    return std::max(0.0, 1 - x);
  if (interpolation == "bicubic")
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0.0;
  double radius = interpolation == "lanczos3" ? 3 : 5;
  return x > radius ? 0.0 : x < 1e-3 ? 1.0 : radius * std::sin(pi * x) * std::sin(pi * x / radius) / (pi * pi * x * x);
}

/// The elements of an axis as sums of the old ones, by weights [old size, new size].
inline Value mix_along(const Value &x, std::int64_t axis, const Value &weights) {
  std::vector<std::int64_t> back;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    back.push_back(i < axis ? i : i == axis ? x.rank() - 1 : i - 1);
  return transpose(dot_general(x, weights, {axis}, {0}), back);
}

/// Resamples an axis of known size with half-pixel centres: a product with a matrix of the kernel's values.
/// antialias: where the axis shrinks, the kernel grows with the distance between the new elements.
inline Value resample(const Value &x, std::int64_t axis, std::int64_t size, const std::string &interpolation,
                      bool antialias = true) {
  std::int64_t from = x.shape()[axis];
  if (from == none)
    throw Error("interpolation '" + interpolation + "' needs known sizes, got shape " + x.shape().str() +
                "; nearest takes open ones, and bilinear where sizes grow by whole factors");
  if (interpolation == "bilinear" && size % from == 0)
    return interpolate(x, axis, size / from);
  if (from == size)
    return x;
  Tensor weights({from, size}, DType::Float32);
  double step = static_cast<double>(from) / static_cast<double>(size), scale = antialias ? std::max(step, 1.0) : 1.0;
  for (std::int64_t to = 0; to < size; ++to) {
    double centre = (static_cast<double>(to) + 0.5) * step - 0.5, total = 0;
    for (std::int64_t i = 0; i < from; ++i)
      total += interpolation_kernel(interpolation, std::abs(centre - static_cast<double>(i)) / scale);
    for (std::int64_t i = 0; i < from; ++i)
      weights.values<float>()[static_cast<std::size_t>(i * size + to)] = static_cast<float>(
          interpolation_kernel(interpolation, std::abs(centre - static_cast<double>(i)) / scale) / total);
  }
  return mix_along(x, axis, constant(x.graph(), weights));
}

/// What the up-samplings share: each spatial axis grows `size` times.
template <typename D, std::size_t Spatial> class UpSamplingBase : public Layer<D> {
public:
  explicit UpSamplingBase(const Sizes &size) : size(size) {}

  Value grow(Value x, bool channels_first, const std::string &interpolation) const {
    check_rank(x.shape(), Spatial + 2);
    for (std::size_t i = 0; i < Spatial; ++i) {
      std::int64_t axis = static_cast<std::int64_t>(i) + (channels_first ? 2 : 1), old = x.shape()[axis];
      x = interpolation == "nearest"    ? repeat(x, axis, size[i])
          : interpolation == "bilinear" ? interpolate(x, axis, size[i])
                                        : resample(x, axis, old == none ? none : old * size[i], interpolation);
    }
    return x;
  }

  Sizes size;
};

} // namespace lamina::layers

#endif
