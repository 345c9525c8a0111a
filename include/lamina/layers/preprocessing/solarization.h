#ifndef LAMINA_LAYERS_PREPROCESSING_SOLARIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_SOLARIZATION_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Adds to the values of images while training, and inverts those above a threshold. The factors are shares of 255.
/// Keras: layers.Solarization.
class Solarization : public AugmentationLayer<Solarization> {
public:
  struct Options {
    Factor addition_factor = 0.0;
    Factor threshold_factor = 0.0;
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  Solarization() : Solarization(Options()) {}
  explicit Solarization(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.addition_factor = options.addition_factor.resolved("addition_factor", 0, 1);
    options.threshold_factor = options.threshold_factor.resolved("threshold_factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    // Keras scales the upper ends alone.
    auto drawn = [&](std::pair<double, double> range) {
      return draw(images, context, range.first, range.second * 255);
    };
    Value added = drawn(options.addition_factor.range("addition_factor", 0, 1));
    Value threshold = drawn(options.threshold_factor.range("threshold_factor", 0, 1));
    Value x = clip(to_range(images, options.value_range, {0, 255}) + added, 0.0, 255.0);
    return to_range(where(less(x, threshold), x, 255.0 - x), {0, 255}, options.value_range);
  }

  template <typename F> void fields(F &f) {
    f("value_range", options.value_range);
    f("addition_factor", options.addition_factor);
    f("threshold_factor", options.threshold_factor);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(Solarization, "keras");

} // namespace lamina::layers

#endif
