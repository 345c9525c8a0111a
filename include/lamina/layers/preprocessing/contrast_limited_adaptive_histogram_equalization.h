#ifndef LAMINA_LAYERS_PREPROCESSING_CONTRAST_LIMITED_ADAPTIVE_HISTOGRAM_EQUALIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_CONTRAST_LIMITED_ADAPTIVE_HISTOGRAM_EQUALIZATION_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Spreads the values of an image over the range, tile by tile.
///
///     h: how often each of 256 values occurs in a tile; what is above clip_limit · tile / 256 is spread over all
///     y = (Σ h up to x − the least such sum) / (tile − that) · 255
///
/// y is interpolated between the four nearest tiles. Shapes stay; an image that the grid does not divide is reflected
/// at its ends. Errors: other than (batch, height, width, channels) with known sizes, a grid that is not two positive
/// integers. Keras: layers.ContrastLimitedAdaptiveHistogramEqualization.
class ContrastLimitedAdaptiveHistogramEqualization : public ImageLayer<ContrastLimitedAdaptiveHistogramEqualization> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    double clip_limit = 4.0;
    std::vector<std::int64_t> tile_grid_size = {8, 8};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  ContrastLimitedAdaptiveHistogramEqualization() : ContrastLimitedAdaptiveHistogramEqualization(Options()) {}
  explicit ContrastLimitedAdaptiveHistogramEqualization(const Options &options)
      : value_range(options.value_range), clip_limit(options.clip_limit), tile_grid_size(options.tile_grid_size) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  static constexpr bool augments = false;
  static constexpr bool keeps_dtype = true;

  void prepare() const {
    if (value_range.size() != 2)
      throw Error("value_range must be two numbers, got " + Config(value_range).str());
    if (tile_grid_size.size() != 2)
      throw Error("tile_grid_size must be two integers, got " + Config(tile_grid_size).str());
    for (std::int64_t size : tile_grid_size)
      check_positive(size, "tile_grid_size");
  }

  Value transform(const Value &images, CallContext &) const {
    auto [height, width] = image_size(images);
    std::int64_t channels = images.shape()[3];
    if (channels == none)
      throw Error("the number of channels must be known, got images of shape " + images.shape().str());
    trace::Graph &graph = images.graph();
    Axis rows(height, tile_grid_size[0]), columns(width, tile_grid_size[1]);
    Value x = to_range(cast(images, DType::Float32), value_range, {0, 255});
    Value pixel = clip(cast(x, DType::Int32), 0.0, 255.0);

    // Row `level` of a tile's histogram: ((image · rows + row) · columns + column) · channels + channel.
    std::int64_t tiles = rows.count * columns.count * channels;
    Value image = iota(graph, {Dim(images, 0), Dim(1), Dim(1), Dim(1)}, 0) * (tiles * levels);
    Value channel = iota(graph, {Dim(1), Dim(1), Dim(1), Dim(channels)}, 3) * levels;
    auto level = [&](const Value &value, const std::vector<std::int32_t> &row,
                     const std::vector<std::int32_t> &column) {
      auto size = [](const auto &list) { return static_cast<std::int64_t>(list.size()); };
      Value y = reshape(constant(graph, Tensor(row)), std::vector<std::int64_t>{1, size(row), 1, 1});
      Value x = reshape(constant(graph, Tensor(column)), std::vector<std::int64_t>{1, 1, size(column), 1});
      return value + (image + channel + y * (columns.count * channels * levels) + x * (channels * levels));
    };

    Value padded = take_along(take_along(pixel, 1, constant(graph, Tensor(rows.source))), 2,
                              constant(graph, Tensor(columns.source)));
    Value indices = reshape(level(padded, rows.tile, columns.tile), std::vector<std::int64_t>{-1});
    Value zeros = reshape(broadcast_to(constant(graph, 0, DType::Float32), {Dim(images, 0), Dim(tiles * levels)}),
                          std::vector<std::int64_t>{-1});
    Value counts = emit("scatter_add", {zeros, indices, cast(ones_like(indices), DType::Float32)});
    Value table = reshape(equalized(reshape(counts, std::vector<std::int64_t>{-1, levels}),
                                    static_cast<double>(rows.size * columns.size)),
                          std::vector<std::int64_t>{-1});

    auto weight = [&](const std::vector<float> &values, std::vector<std::int64_t> shape) {
      return reshape(constant(graph, Tensor(values)), std::move(shape));
    };
    Value down = weight(rows.weight, {1, height, 1, 1}), right = weight(columns.weight, {1, 1, width, 1});
    auto across = [&](const std::vector<std::int32_t> &row) -> Value {
      return take(table, level(pixel, row, columns.before)) * (1.0 - right) +
             take(table, level(pixel, row, columns.after)) * right;
    };
    Value y = across(rows.before) * (1.0 - down) + across(rows.after) * down;
    return cast(to_range(y, {0, 255}, value_range), images.dtype());
  }

  template <typename F> void fields(F &f) {
    image_fields(f);
    f("value_range", value_range);
    f("clip_limit", clip_limit);
    f("tile_grid_size", tile_grid_size);
  }

  std::vector<double> value_range;
  double clip_limit;
  std::vector<std::int64_t> tile_grid_size;

private:
  static constexpr std::int64_t levels = 256;

  /// Tiles along an axis of `length` elements.
  struct Axis {
    Axis(std::int64_t length, std::int64_t count) : count(count), size((length + count - 1) / count) {
      auto half = static_cast<float>(size) / 2.0f;
      for (std::int64_t i = 0; i < size * count; ++i) {
        std::int64_t at = i % (2 * length);
        source.push_back(static_cast<std::int32_t>(at < length ? at : 2 * length - 1 - at));
        tile.push_back(static_cast<std::int32_t>(i / size));
      }
      for (std::int64_t i = 0; i < length; ++i) {
        float place = (static_cast<float>(i) - half) / static_cast<float>(size) + 1.0f, first = std::floor(place);
        auto index = [&](float tile) {
          return std::clamp<std::int32_t>(static_cast<std::int32_t>(tile) - 1, 0, static_cast<std::int32_t>(count - 1));
        };
        before.push_back(index(first));
        after.push_back(index(first + 1));
        weight.push_back(place - first);
      }
    }
    std::int64_t count, size;
    std::vector<std::int32_t> source, tile; ///< of each element of the reflected axis
    std::vector<std::int32_t> before, after;
    std::vector<float> weight;
  };

  /// The new value of each level, from the histograms in the rows of counts.
  Value equalized(const Value &counts, double pixels) const {
    Value h = counts;
    if (clip_limit > 0) {
      Value clipped = minimum(h, clip_limit * pixels / static_cast<double>(levels));
      h = clipped + sum(h - clipped, -1, true) / static_cast<double>(levels);
    }
    Value total = cumsum(h, 1), least = min(total, -1, true), range = pixels - least;
    return clip((total - least) * 255.0 / where(equal(range, 0.0), 1.0, range), 0.0, 255.0);
  }
};

LAMINA_REGISTER_LAYER(ContrastLimitedAdaptiveHistogramEqualization, "keras");

} // namespace lamina::layers

#endif
