#ifndef LAMINA_LAYERS_PREPROCESSING_EQUALIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_EQUALIZATION_H

#include <limits>

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Spreads the values of each channel over the whole range while training, by the histogram of the batch.
/// Keras: layers.Equalization.
class Equalization : public ImageLayer<Equalization> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::int64_t bins = 256;
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  Equalization() : Equalization(Options()) {}
  explicit Equalization(const Options &options) : value_range(options.value_range), bins(options.bins) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  void prepare() {
    value_range = ordered_range(value_range);
    check_positive(bins, "bins");
  }

  Value transform(const Value &images, CallContext &) const {
    std::int64_t channels = images.shape()[3];
    if (channels == none)
      throw Error("the number of channels must be known, got images of shape " + images.shape().str());
    double last = static_cast<double>(bins - 1);
    Value x = to_range(images, value_range, {0, 255});
    Value first = iota(x.graph(), {Dim(1), Dim(1), Dim(1), Dim(channels)}, 3) * bins;
    auto bin = [&](const Value &v) { return first + cast(clip(v, 0.0, last), DType::Int32); };
    Value indices = reshape(bin(x * last / 255.0), std::vector<std::int64_t>{-1});
    Value counts = emit("scatter_add", {constant(x.graph(), 0, x.dtype(), {channels * bins}), indices,
                                        cast(ones_like(indices), x.dtype())});
    counts = reshape(counts, std::vector<std::int64_t>{channels, bins});
    Value used = sum(cast(greater(counts, 0.0), x.dtype()), -1);
    Value total = cumsum(counts, 1);
    Value lowest = min(where(greater(total, 0.0), total, std::numeric_limits<float>::max()), -1, true);
    Value width = max(total, -1, true) - lowest;
    Value table = clip(round((total - lowest) * 255.0 / where(equal(width, 0.0), 1.0, width)), 0.0, 255.0);
    Value equalized = take(reshape(table, std::vector<std::int64_t>{-1}), bin(x / 255.0 * last));
    return to_range(where(less_equal(used, 1.0), x, equalized), {0, 255}, value_range);
  }

  template <typename F> void fields(F &f) {
    f("bins", bins);
    f("value_range", value_range);
    image_fields(f);
  }

  std::vector<double> value_range;
  std::int64_t bins;
};

LAMINA_REGISTER_LAYER(Equalization, "keras");

} // namespace lamina::layers

#endif
