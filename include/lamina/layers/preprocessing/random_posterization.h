#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_POSTERIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_POSTERIZATION_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Keeps the upper `factor` bits of 8-bit values while training. Keras: layers.RandomPosterization.
class RandomPosterization : public AugmentationLayer<RandomPosterization> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomPosterization() : RandomPosterization(Factor(8)) {}
  explicit RandomPosterization(const Factor &factor) : RandomPosterization(factor, Options()) {}
  RandomPosterization(const Factor &factor, const Options &options) : factor(factor), options(options) {
    start(options);
  }

  void prepare() {
    factor = factor.resolved("factor", 1, 8);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [lower, upper] = factor.range("factor", 1, 8);
    Value bits = floor(draw(images, context, lower, upper));
    Value step = exp((8.0 - bits) * 0.69314718055994530942);
    Value x = floor(clip(to_range(images, options.value_range, {0, 255}), 0.0, 255.0));
    return to_range(floor(x / round(step)) * round(step), {0, 255}, options.value_range);
  }

  template <typename F> void fields(F &f) {
    f.required("factor", factor);
    f("value_range", options.value_range);
    f("seed", seed);
    image_fields(f);
  }

  Factor factor;
  Options options;
};

LAMINA_REGISTER_LAYER(RandomPosterization, "keras");

} // namespace lamina::layers

#endif
