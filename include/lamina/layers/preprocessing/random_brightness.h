#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_BRIGHTNESS_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_BRIGHTNESS_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Adds one number to all values of an image while training: a random share of value_range's width.
/// Keras: layers.RandomBrightness.
class RandomBrightness : public AugmentationLayer<RandomBrightness> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomBrightness() : RandomBrightness(Factor(0.0)) {}
  explicit RandomBrightness(const Factor &factor) : RandomBrightness(factor, Options()) {}
  RandomBrightness(const Factor &factor, const Options &options) : factor(factor), options(options) { start(options); }

  void prepare() {
    factor = factor.resolved("factor", -1, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    const std::vector<double> &range = options.value_range;
    return clip_to(images + draw(images, context, factor.range("factor", -1, 1)) * (range[1] - range[0]), range);
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

LAMINA_REGISTER_LAYER(RandomBrightness, "keras");

} // namespace lamina::layers

#endif
