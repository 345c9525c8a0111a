#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_TRANSFORM_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_TRANSFORM_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// How images are read between and beyond their pixels.
struct Sampling {
  std::string interpolation = "bilinear"; ///< or nearest
  std::string fill_mode = "reflect";      ///< constant, nearest, wrap, mirror or reflect
  double fill_value = 0.0;

  /// Errors: unknown names.
  void check(bool mirror = false) const {
    if (interpolation != "nearest" && interpolation != "bilinear")
      throw Error("interpolation must be nearest or bilinear, got '" + interpolation + "'");
    if (fill_mode != "constant" && fill_mode != "nearest" && fill_mode != "wrap" && fill_mode != "reflect" &&
        !(mirror && fill_mode == "mirror"))
      throw Error("fill_mode must be constant, nearest, wrap or reflect, got '" + fill_mode + "'");
  }
};

/// The pixels' own coordinates, [1, 1, W] and [1, H, 1].
struct PixelGrid {
  explicit PixelGrid(const Value &images) {
    auto [height, width] = image_size(images);
    x = cast(iota(images.graph(), {Dim(1), Dim(1), Dim(width)}, 2), images.dtype());
    y = cast(iota(images.graph(), {Dim(1), Dim(height), Dim(1)}, 1), images.dtype());
  }
  Value x, y;
};

/// Indices along an axis, of which those beyond its ends are led back into it.
inline Value index_within(const Value &index, std::int64_t size, const std::string &fill_mode) {
  auto modulo = [](const Value &x, std::int64_t n) {
    Value rest = emit("rem", {x, detail::number(x, static_cast<double>(n))});
    return where(less(rest, 0), rest + n, rest);
  };
  auto mirror = [&](const Value &x, std::int64_t half) { return abs(modulo(x + half, 2 * half) - half); };
  if (size == 1)
    return zeros_like(index);
  if (fill_mode == "wrap")
    return modulo(index, size);
  if (fill_mode == "mirror")
    return mirror(index, size - 1);
  if (fill_mode == "reflect")
    return emit("div", {mirror(index * 2 + 1, 2 * size) - 1, detail::number(index, 2)});
  return minimum(maximum(index, 0), size - 1);
}

/// Images at the points (x, y), each [N, H, W] or with axes of size 1: [N, H, W, C].
inline Value sample(const Value &images, const Value &x, const Value &y, const Sampling &how) {
  auto [height, width] = image_size(images);
  std::int64_t channels = images.shape()[3];
  if (channels == none)
    throw Error("the number of channels must be known, got images of shape " + images.shape().str());
  Value pixels = reshape(images, std::vector<std::int64_t>{-1, channels});
  Value first = iota(images.graph(), {Dim(images, 0), Dim(1), Dim(1)}, 0, DType::Int64) * (height * width);
  auto pixel = [&](const Value &column, const Value &row) {
    Value place =
        first + cast(index_within(row, height, how.fill_mode) * width + index_within(column, width, how.fill_mode),
                     DType::Int64);
    Value read = take(pixels, place);
    if (how.fill_mode != "constant")
      return read;
    auto within = [](const Value &i, std::int64_t size) { return logical_and(greater_equal(i, 0), less(i, size)); };
    return Value(where(expand_dims(logical_and(within(row, height), within(column, width)), -1), read, how.fill_value));
  };
  auto whole = [](const Value &v) { return Value(cast(v, DType::Int32)); };
  if (how.interpolation == "nearest") {
    auto rounded = [&](const Value &v) { return whole(sign(v) * floor(abs(v) + 0.5)); };
    return pixel(rounded(x), rounded(y));
  }
  Value left = floor(x), top = floor(y), right_weight = expand_dims(x - left, -1),
        bottom_weight = expand_dims(y - top, -1);
  Value column = whole(left), row = whole(top);
  return (1.0 - bottom_weight) * ((1.0 - right_weight) * pixel(column, row) + right_weight * pixel(column + 1, row)) +
         bottom_weight * ((1.0 - right_weight) * pixel(column, row + 1) + right_weight * pixel(column + 1, row + 1));
}

/// Numbers [N, 1, 1, 1] as [N, 1, 1], to go with coordinates.
inline Value per_image(const Value &numbers) { return squeeze(numbers, -1); }

/// What the layers that move pixels share.
template <typename D> class TransformLayer : public AugmentationLayer<D> {
public:
  Sampling sampling = {};

protected:
  template <typename O> void start_transform(const O &options) {
    this->start(options);
    sampling = {options.interpolation, options.fill_mode, options.fill_value};
  }
  template <typename F> void transform_fields(F &f) {
    f("fill_mode", sampling.fill_mode);
    f("fill_value", sampling.fill_value);
    f("interpolation", sampling.interpolation);
    f("seed", this->seed);
    this->image_fields(f);
  }
};

} // namespace lamina::layers

#endif
