#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_CONTRAST_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_CONTRAST_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Scales the differences from each channel's mean while training: y = (x - mean) · c + mean with c between
/// 1 - lower and 1 + upper. Keras: layers.RandomContrast.
class RandomContrast : public AugmentationLayer<RandomContrast> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomContrast() : RandomContrast(Factor(0.0)) {}
  explicit RandomContrast(const Factor &factor) : RandomContrast(factor, Options()) {}
  RandomContrast(const Factor &factor, const Options &options) : factor(factor), options(options) { start(options); }

  void prepare() {
    factor = factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [lower, upper] = factor.range("factor", 0, 1);
    Value average = mean(images, {1, 2}, true);
    return clip_to((images - average) * draw(images, context, 1.0 - lower, 1.0 + upper) + average, options.value_range);
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

LAMINA_REGISTER_LAYER(RandomContrast, "keras");

} // namespace lamina::layers

#endif
