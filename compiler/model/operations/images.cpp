#include "compiler/model/operations/call.h"

#include "lamina/layers/preprocessing/base_color.h"

namespace lamina::operations {
namespace {

using V = const Value &;

/// Runs a function on [N, H, W, C], also for one image and other layouts.
template <typename F> Values on_images(const Call &c, F function) {
  Value x = c.value(0, "images");
  bool single = x.rank() == 3;
  if (single)
    x = expand_dims(x, 0);
  layers::check_rank(x.shape(), 4);
  Value y = layers::from_channels_last(function(layers::to_channels_last(x, c.channels_first())), c.channels_first());
  return {single ? Value(squeeze(y, 0)) : y};
}

Value resized_images(const Call &c, V input) {
  std::vector<std::int64_t> size = c.setting("size", std::vector<std::int64_t>());
  if (size.size() != 2)
    throw Error("size must be two integers");
  std::string interpolation = c.setting("interpolation", std::string("bilinear"));
  if (c.setting("fill_mode", std::string("constant")) != "constant")
    throw Error("fill_mode must be constant");
  bool integer = !is_floating(input.dtype());
  Value x = integer && interpolation != "nearest" ? Value(cast(input, DType::Float32)) : input;
  if (c.setting("crop_to_aspect_ratio", false))
    x = layers::crop_to_ratio(x, size[0], size[1]);
  if (c.setting("pad_to_aspect_ratio", false))
    x = layers::pad_to_ratio(x, size[0], size[1], c.setting("fill_value", 0.0));
  x = layers::resize(x, size[0], size[1], interpolation, c.setting("antialias", false));
  return x.dtype() == input.dtype() ? x : Value(cast(round(x), input.dtype()));
}

/// What is before and after along an axis, where two of both and the size are given.
std::pair<std::int64_t, std::int64_t> both_margins(const Call &c, const char *before, const char *after,
                                                   const char *target, std::int64_t difference_sign,
                                                   std::int64_t size) {
  auto given = [&](const char *name) { return c.setting(name, std::optional<std::int64_t>()); };
  std::optional<std::int64_t> low = given(before), high = given(after), wanted = given(target);
  if (wanted) {
    std::int64_t difference = difference_sign * (*wanted - size);
    if (!low)
      low = difference - high.value_or(0);
    if (!high)
      high = difference - *low;
  }
  if (!low || !high || *low < 0 || *high < 0)
    throw Error(std::string("expects two of ") + before + ", " + after + " and " + target);
  return {*low, *high};
}

} // namespace

void add_images(Table &table) {
  Table::Module image(table, "ops.image");
  image.calls({
      {"CropImages",
       [](const Call &c) -> Values {
         return on_images(c, [&](V x) {
           auto [height, width] = layers::image_size(x);
           auto [top, bottom] = both_margins(c, "top_cropping", "bottom_cropping", "target_height", -1, height);
           auto [left, right] = both_margins(c, "left_cropping", "right_cropping", "target_width", -1, width);
           return layers::crop(x, top, height - top - bottom, left, width - left - right);
         });
       }},
      {"ExtractPatches",
       [](const Call &c) -> Values {
         return on_images(c, [&](V x) {
           std::vector<std::int64_t> size = c.sizes("size", x, 1);
           std::int64_t channels = known_size(x, 3), n = size[0] * size[1] * channels;
           // Each element of a window is a channel of the result.
           Tensor kernel = Tensor::zeros({size[0], size[1], channels, n});
           for (std::int64_t i = 0; i < n; ++i)
             kernel.values<float>()[static_cast<std::size_t>(i * n + i)] = 1;
           WindowOptions options{.strides = c.setting("strides") ? c.sizes("strides", x, 1) : size,
                                 .padding = c.setting("padding", std::string("valid")),
                                 .dilations = c.sizes("dilation_rate", x, 1)};
           return Value(conv(x, constant(x.graph(), kernel), options));
         });
       }},
      {"HSVToRGB",
       [](const Call &c) -> Values {
         return on_images(c, [](V x) {
           return layers::hsv_to_rgb({layers::channel(x, 0), layers::channel(x, 1), layers::channel(x, 2)});
         });
       }},
      {"PadImages",
       [](const Call &c) -> Values {
         return on_images(c, [&](V x) {
           auto [height, width] = layers::image_size(x);
           auto [top, bottom] = both_margins(c, "top_padding", "bottom_padding", "target_height", 1, height);
           auto [left, right] = both_margins(c, "left_padding", "right_padding", "target_width", 1, width);
           return pad(x, {0, top, left, 0}, {0, bottom, right, 0});
         });
       }},
      {"RGBToGrayscale",
       [](const Call &c) -> Values { return on_images(c, [](V x) { return layers::to_grayscale(x); }); }},
      {"RGBToHSV",
       [](const Call &c) -> Values {
         return on_images(c, [](V x) {
           layers::Hsv hsv = layers::rgb_to_hsv(x);
           return concatenate({hsv.hue, hsv.saturation, hsv.value}, 3);
         });
       }},
      {"Resize", [](const Call &c) -> Values { return on_images(c, [&](V x) { return resized_images(c, x); }); }},
  });
}

} // namespace lamina::operations
