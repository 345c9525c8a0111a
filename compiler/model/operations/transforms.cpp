// Images and arrays read at other places than their own.

#include "compiler/model/operations/call.h"

#include "lamina/layers/preprocessing/base_transform.h"

#include <numbers>

namespace lamina::operations {
namespace {

using V = const Value &;
using layers::Sampling;

/// Entry i of rows [N, n] as [N, 1, 1], to go with coordinates.
Value per_image(V rows, std::int64_t i) { return expand_dims(slice_axis(rows, 1, i, i + 1), -1); }

/// Whole numbers are read as float32 and rounded.
template <typename F> Value as_floats(V x, F function) {
  return is_floating(x.dtype()) ? function(x) : Value(cast(round(function(cast(x, DType::Float32))), x.dtype()));
}

/// Images sampled where `places` says that the pixels of a grid come from: (x, y).
template <typename F> Values moved(const Call &c, const Sampling &how, F places) {
  how.check(true);
  return on_images(c, [&](V images) {
    return as_floats(images, [&](V x) {
      auto [column, row] = places(layers::PixelGrid(x));
      return layers::sample(x, column, row, how);
    });
  });
}

Sampling sampling(const Call &c, const char *fill_mode) {
  return {c.setting("interpolation", std::string("bilinear")), c.setting("fill_mode", std::string(fill_mode)),
          c.setting("fill_value", 0.0)};
}

/// x' = t₀ x + t₁ y + t₂, y' = t₃ x + t₄ y + t₅
Values affine(const Call &c) {
  Value t = detail::to_float(c.value(1, "transform"));
  if (t.rank() == 1)
    t = expand_dims(t, 0);
  return moved(c, sampling(c, "constant"), [&](const layers::PixelGrid &grid) {
    auto side = [&](std::int64_t i) -> Value {
      return per_image(t, i) * grid.x + per_image(t, i + 1) * grid.y + per_image(t, i + 2);
    };
    return std::pair{side(0), side(3)};
  });
}

/// The map that takes the end points to the start points, (t₀ x + t₁ y + t₂, t₃ x + t₄ y + t₅) / (t₆ x + t₇ y + 1).
Values perspective(const Call &c) {
  auto corners = [&](std::size_t i, const char *name) {
    Value points = cast(c.value(i, name), DType::Float32);
    return points.rank() == 2 ? Value(expand_dims(points, 0)) : points;
  };
  Value start = corners(1, "start_points"), end = corners(2, "end_points");
  // Two equations for each point.
  Value one = slice_axis(ones_like(end), -1, 0, 1), row = concatenate({end, one}, -1), zero = zeros_like(row);
  auto side = [&](std::int64_t i) { return slice_axis(start, -1, i, i + 1); };
  Value equations =
      concatenate({concatenate({row, zero, -side(0) * end}, -1), concatenate({zero, row, -side(1) * end}, -1)}, 1);
  Value t = squeeze(solve(equations, concatenate({side(0), side(1)}, 1)), -1);
  return moved(c, sampling(c, "constant"), [&](const layers::PixelGrid &grid) {
    auto along = [&](std::int64_t i) -> Value { return per_image(t, i) * grid.x + per_image(t, i + 1) * grid.y; };
    Value depth = along(6) + 1.0;
    return std::pair<Value, Value>{(along(0) + per_image(t, 2)) / depth, (along(3) + per_image(t, 5)) / depth};
  });
}

/// An array of any rank at points, whose coordinates stand in the first axis.
Value at_points(const Call &c) {
  Value input = c.value(0, "inputs"), points = detail::to_float(c.value(1, "coordinates"));
  std::int64_t order = c.axis(1, "order");
  if (order != 0 && order != 1)
    throw Error("order must be 0 or 1, got " + std::to_string(order));
  if (known_size(points, 0) != input.rank())
    throw Error("coordinates of shape " + points.shape().str() + " do not fit shape " + input.shape().str());
  Sampling how{"bilinear", c.setting("fill_mode", std::string("constant")), c.setting("fill_value", 0.0)};
  how.check(true);
  // The nearest elements: one, or those on both sides along each axis.
  struct Node {
    Value place, inside, weight;
  };
  std::vector<Node> nodes{{}};
  for (std::int64_t axis = 0; axis < input.rank(); ++axis) {
    std::int64_t size = known_size(input, axis);
    Value at = squeeze(slice_axis(points, 0, axis, axis + 1), 0);
    Value low = order ? Value(floor(at)) : Value(sign(at) * floor(abs(at) + 0.5));
    std::vector<Node> longer;
    for (std::int64_t step = 0; step <= order; ++step) {
      Value index = cast(low, DType::Int32) + step;
      Value place = layers::index_within(index, size, how.fill_mode);
      Value inside = logical_and(greater_equal(index, 0), less(index, size));
      Value weight = !order ? ones_like(at) : step ? Value(at - low) : Value(1.0 - (at - low));
      for (const Node &node : nodes)
        longer.push_back(axis ? Node{node.place * size + place, logical_and(node.inside, inside), node.weight * weight}
                              : Node{place, inside, weight});
    }
    nodes = std::move(longer);
  }
  return as_floats(input, [&](V x) {
    Value y;
    for (const Node &node : nodes) {
      Value read = take(flat(x), node.place);
      if (how.fill_mode == "constant")
        read = where(node.inside, read, how.fill_value);
      y = y.defined() ? Value(y + node.weight * read) : Value(node.weight * read);
    }
    return y;
  });
}

/// The weight of an element at a distance.
Value kernel(V x, const std::string &method) {
  constexpr double pi = std::numbers::pi;
  if (method == "linear" || method == "bilinear" || method == "trilinear")
    return relu(1.0 - x);
  if (method == "cubic" || method == "bicubic" || method == "tricubic")
    return where(x >= 2.0, 0.0,
                 where(x >= 1.0, ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0, ((1.5 * x - 2.5) * x) * x + 1.0));
  if (method != "lanczos3" && method != "lanczos5")
    throw Error("method must be linear, cubic, lanczos3 or lanczos5, got '" + method + "'");
  double radius = method == "lanczos3" ? 3 : 5;
  Value far = x > 1e-3, y = where(far, x, 1.0);
  Value wave = radius / (pi * pi) * sin(pi * y) * sin(pi / radius * y) / square(y);
  return where(x > radius, 0.0, where(far, wave, 1.0));
}

/// Axes resampled with element i of the old ones at (i + ½) · scale + translation - ½.
Value scaled(const Call &c) {
  Value x = detail::to_float(c.value(0, "images"));
  Value scale = detail::to_float(c.value(2, "scale")), translation = detail::to_float(c.value(3, "translation"));
  const Config *shape = numbers_of(c.find(1, "output_shape"));
  std::vector<std::int64_t> sizes, axes = c.setting("spatial_dims", std::vector<std::int64_t>());
  if (shape && shape->is_list())
    detail::read(*shape, sizes);
  if (static_cast<std::int64_t>(sizes.size()) != x.rank())
    throw Error("output_shape must have known sizes for the axes of shape " + x.shape().str());
  std::string method = c.setting("method", std::string());
  bool antialias = c.setting("antialias", true);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    auto at = static_cast<std::int64_t>(i);
    std::int64_t axis = resolve_axis(axes[i], x.rank()), from = known_size(x, axis),
                 to = sizes[static_cast<std::size_t>(axis)];
    auto count = [&](std::int64_t n, std::int64_t along) {
      return cast(iota(x.graph(), along ? Dims{Dim(1), Dim(n)} : Dims{Dim(n), Dim(1)}, along), x.dtype());
    };
    Value step = reciprocal(slice_axis(scale, 0, at, at + 1));
    Value place = (count(to, 1) + 0.5 - slice_axis(translation, 0, at, at + 1)) * step - 0.5;
    Value distance = abs(place - count(from, 0));
    Value weights = kernel(antialias ? Value(distance / maximum(step, 1.0)) : distance, method);
    Value total = sum(weights, 0, true), none = equal(total, 0);
    weights = where(abs(total) > 1000 * std::numeric_limits<float>::epsilon(), weights / where(none, 1.0, total), 0.0);
    Value inside = logical_and(place >= -0.5, place <= static_cast<double>(from) - 0.5);
    x = layers::mix_along(x, axis, where(inside, weights, 0.0));
  }
  return x;
}

} // namespace

void add_transforms(Table &table) {
  Table::Module image(table, "ops.image");
  image.calls({
      {"AffineTransform", affine},
      {"MapCoordinates", [](const Call &c) -> Values { return {at_points(c)}; }},
      {"PerspectiveTransform", perspective},
      {"ScaleAndTranslate", [](const Call &c) -> Values { return {scaled(c)}; }},
  });
}

} // namespace lamina::operations
