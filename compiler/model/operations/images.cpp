#include "compiler/model/operations/call.h"

#include "lamina/layers/preprocessing/base_color.h"

#include <cmath>
#include <numeric>

namespace lamina::operations {
namespace {

using V = const Value &;

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

/// Weights [rows, columns] that sum to 1, of widths sigma.
Value gaussian(trace::Graph &graph, std::int64_t rows, std::int64_t columns, double row_sigma, double column_sigma) {
  layers::check_positive(std::min(rows, columns), "the size of the kernel");
  auto bell = [](std::int64_t i, std::int64_t size, double sigma) {
    double x = (static_cast<double>(i) - 0.5 * static_cast<double>(size - 1)) / sigma;
    return std::exp(-0.5 * x * x);
  };
  std::vector<float> weights;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      weights.push_back(static_cast<float>(bell(i, rows, row_sigma) * bell(j, columns, column_sigma)));
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (float &weight : weights)
    weight = static_cast<float>(weight / total);
  return constant(graph, Tensor(weights, Shape{rows, columns}));
}

Values blurred(const Call &c) {
  return on_images(c, [&](V x) {
    auto size = c.setting("kernel_size", std::vector<std::int64_t>{3, 3});
    auto sigma = c.setting("sigma", std::vector<double>{1, 1});
    if (size.size() != 2 || sigma.size() != 2)
      throw Error("kernel_size and sigma must be two numbers each");
    return layers::filter_channels(x, gaussian(x.graph(), size[1], size[0], sigma[1], sigma[0]));
  });
}

/// Differences downwards and to the right, on a new last axis.
Values edges(const Call &c) {
  Tensor down({{-1.f, -2.f, -1.f}, {0.f, 0.f, 0.f}, {1.f, 2.f, 1.f}}),
      right({{-1.f, 0.f, 1.f}, {-2.f, 0.f, 2.f}, {-1.f, 0.f, 1.f}});
  Values both;
  for (const Tensor &kernel : {down, right})
    both.push_back(on_images(c, [&](V x) { return layers::filter_channels(x, constant(x.graph(), kernel)); })[0]);
  return {stack(both, both[0].rank())};
}

/// The structural similarity of images, from what windows have as means, variances and covariance.
Value similarity(const Call &c) {
  auto prepared = [&](std::size_t i, const char *name) {
    Value x = detail::to_float(c.value(i, name));
    return layers::to_channels_last(x.rank() == 3 ? Value(expand_dims(x, 0)) : x, c.channels_first());
  };
  Value x = prepared(0, "image1"), y = prepared(1, "image2");
  std::int64_t size = c.axis(11, "filter_size");
  double sigma = c.setting("filter_sigma", 1.5), most = c.setting("max_val", 1.0),
         c1 = std::pow(c.setting("k1", 0.01) * most, 2), c2 = std::pow(c.setting("k2", 0.03) * most, 2);
  Value kernel = gaussian(c.graph(), size, size, sigma, sigma);
  auto local = [&](V image) { return layers::filter_channels(image, kernel, "valid"); };
  Value mx = local(x), my = local(y);
  Value xx = local(square(x)) - square(mx), yy = local(square(y)) - square(my), xy = local(x * y) - mx * my;
  Value map = (2.0 * mx * my + c1) * (2.0 * xy + c2) / ((square(mx) + square(my) + c1) * (xx + yy + c2));
  Value input = c.value(0, "image1"), result = mean(map, {1, 2, 3});
  return detail::to(input.rank() == 3 ? Value(squeeze(result, 0)) : result, input.dtype());
}

} // namespace

Values on_images(const Call &c, const std::function<Value(const Value &images)> &function) {
  Value x = c.value(0, "images");
  bool single = x.rank() == 3;
  if (single)
    x = expand_dims(x, 0);
  layers::check_rank(x.shape(), 4);
  Value y = layers::from_channels_last(function(layers::to_channels_last(x, c.channels_first())), c.channels_first());
  return {single ? Value(squeeze(y, 0)) : y};
}

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
           WindowOptions options{.strides = c.setting("strides") ? c.sizes("strides", x, 1) : size,
                                 .padding = c.setting("padding", std::string("valid")),
                                 .dilations = c.sizes("dilation_rate", x, 1)};
           return Value(conv(x, constant(x.graph(), window_elements(size, known_size(x, 3))), options));
         });
       }},
      {"GaussianBlur", blurred},
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
      {"SSIM", [](const Call &c) -> Values { return {similarity(c)}; }},
      {"SobelEdges", edges},
  });
}

} // namespace lamina::operations
