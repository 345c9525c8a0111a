#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_IMAGE_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_IMAGE_H

#include <lamina/layers/reshaping/base_up_sampling.h>

namespace lamina::layers {

/// What the layers of images share: [N, H, W, C], or [N, C, H, W], is [N, H, W, C] in D::transform. Layers that only
/// augment leave images alone outside of training: D::augments.
template <typename D> class ImageLayer : public Layer<D> {
public:
  Value call(const Values &inputs, CallContext &context) const {
    if (inputs.size() != 1)
      throw Error("takes images alone, got " + std::to_string(inputs.size()) +
                  " inputs; boxes, labels and masks beside them are not supported");
    const Value &input = inputs[0];
    const D &layer = static_cast<const D &>(*this);
    bool first = is_channels_first(data_format);
    Value images = D::keeps_dtype ? input : to_dtype(input, this->dtype());
    if (D::augments && !context.training)
      return images;
    check_rank(input.shape(), 4);
    return from_channels_last(layer.transform(to_channels_last(images, first), context), first);
  }

  /// What bounding boxes would be written in; images take no notice.
  Config bounding_box_format = {};
  std::string data_format = "channels_last";

  static constexpr bool augments = true;
  static constexpr bool keeps_dtype = false;

protected:
  template <typename F> void image_fields(F &f) {
    f("data_format", data_format);
    if constexpr (std::same_as<F, detail::ConfigReader>)
      f("bounding_box_format", bounding_box_format);
    else if (!bounding_box_format.is_null())
      f("bounding_box_format", bounding_box_format);
  }
};

/// Height and width of [N, H, W, C]. Errors: an open one.
inline std::pair<std::int64_t, std::int64_t> image_size(const Value &images) {
  Shape shape = images.shape();
  if (shape[1] == none || shape[2] == none)
    throw Error("needs a known height and width, got images of shape " + shape.str());
  return {shape[1], shape[2]};
}

/// Elements [start, start + size) of axis 1 or 2.
inline Value crop(const Value &images, std::int64_t top, std::int64_t height, std::int64_t left, std::int64_t width) {
  return slice_axis(slice_axis(images, 1, top, top + height), 2, left, left + width);
}

/// The largest box of an image, in its middle, that has the sides' ratio of another size.
inline Value crop_to_ratio(const Value &images, std::int64_t height, std::int64_t width) {
  auto [rows, columns] = image_size(images);
  auto scaled = [](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t most) {
    auto size = static_cast<std::int64_t>(static_cast<double>(a * b) / static_cast<double>(c));
    return std::max<std::int64_t>(std::min(most, size), 1);
  };
  std::int64_t h = scaled(columns, height, width, rows), w = scaled(rows, width, height, columns);
  return crop(images, (rows - h) / 2, h, (columns - w) / 2, w);
}

/// The image in the middle of a box of the sides' ratio of another size, the rest of which is `value`.
inline Value pad_to_ratio(const Value &images, std::int64_t height, std::int64_t width, double value) {
  auto [rows, columns] = image_size(images);
  auto scaled = [](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t least) {
    return std::max(least, static_cast<std::int64_t>(static_cast<double>(a * b) / static_cast<double>(c)));
  };
  std::int64_t top = (scaled(columns, height, width, rows) - rows) / 2,
               left = (scaled(rows, width, height, columns) - columns) / 2;
  if (top > 0)
    left = 0;
  return pad(images, {0, top, left, 0}, {0, top, left, 0}, value);
}

/// Images of another size. interpolation: nearest, bilinear, bicubic, lanczos3 or lanczos5.
inline Value resize(const Value &images, std::int64_t height, std::int64_t width, const std::string &interpolation,
                    bool antialias = false) {
  auto [rows, columns] = image_size(images);
  std::pair<std::int64_t, std::int64_t> sizes[] = {{rows, height}, {columns, width}};
  Value result = images;
  for (std::int64_t axis = 1; axis <= 2; ++axis) {
    auto [from, to] = sizes[axis - 1];
    if (from == to)
      continue;
    if (interpolation == "nearest") {
      std::vector<std::int32_t> indices;
      for (std::int64_t i = 0; i < to; ++i)
        indices.push_back(static_cast<std::int32_t>(
            std::floor((static_cast<float>(i) + 0.5f) * static_cast<float>(from) / static_cast<float>(to))));
      result = take_along(result, axis, constant(result.graph(), Tensor(indices)));
    } else {
      result = resample(result, axis, to, interpolation, antialias);
    }
  }
  return result;
}

} // namespace lamina::layers

#endif
