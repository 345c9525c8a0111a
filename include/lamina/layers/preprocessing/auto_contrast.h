#ifndef LAMINA_LAYERS_PREPROCESSING_AUTO_CONTRAST_H
#define LAMINA_LAYERS_PREPROCESSING_AUTO_CONTRAST_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Stretches each channel of each image to the whole range of values, also outside of training; one value alone stays.
/// Keras: layers.AutoContrast.
class AutoContrast : public ImageLayer<AutoContrast> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  AutoContrast() : AutoContrast(Options()) {}
  explicit AutoContrast(const Options &options) : value_range(options.value_range) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  void prepare() { value_range = ordered_range(value_range); }

  /// Keras takes axes 1 and 2 for height and width in either data format.
  Value call(const Values &inputs, CallContext &context) const {
    is_channels_first(data_format);
    Value images = to_dtype(inputs.at(0), dtype());
    check_rank(images.shape(), 4);
    return transform(images, context);
  }

  Value transform(const Value &images, CallContext &) const {
    Value x = to_range(images, value_range, {0, 255});
    Value low = min(x, {1, 2}, true), high = max(x, {1, 2}, true), width = high - low;
    Value some = greater(width, 0.0);
    Value scale = 255.0 / where(some, width, 1.0);
    return where(some, to_range(clip(x * scale - low * scale, 0.0, 255.0), {0, 255}, value_range), images);
  }

  template <typename F> void fields(F &f) {
    f("value_range", value_range);
    image_fields(f);
  }

  std::vector<double> value_range;
};

LAMINA_REGISTER_LAYER(AutoContrast, "keras");

} // namespace lamina::layers

#endif
