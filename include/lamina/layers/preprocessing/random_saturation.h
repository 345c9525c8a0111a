#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_SATURATION_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_SATURATION_H

#include <lamina/layers/preprocessing/base_color.h>

namespace lamina::layers {

/// Scales the saturation of images of 3 channels while training, by f / (1 - f) for a random f: 0.5 leaves it, 0 makes
/// grey. Keras: layers.RandomSaturation.
class RandomSaturation : public AugmentationLayer<RandomSaturation> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomSaturation() : RandomSaturation(Factor(0.0)) {}
  explicit RandomSaturation(const Factor &factor) : RandomSaturation(factor, Options()) {}
  RandomSaturation(const Factor &factor, const Options &options) : factor(factor), options(options) { start(options); }

  void prepare() {
    factor = factor.resolved("factor", -1, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    Value f = draw(images, context, factor.range("factor", -1, 1));
    Hsv x = rgb_to_hsv(images);
    x.saturation = clip_to(x.saturation * (f / (1.0 - f + 1e-7)), options.value_range);
    return hsv_to_rgb(x);
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

LAMINA_REGISTER_LAYER(RandomSaturation, "keras");

} // namespace lamina::layers

#endif
