#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_HUE_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_HUE_H

#include <lamina/layers/preprocessing/base_color.h>

namespace lamina::layers {

/// Turns the hue of images of 3 channels while training, by at most half the factor of a turn either way.
/// Keras: layers.RandomHue.
class RandomHue : public AugmentationLayer<RandomHue> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomHue() : RandomHue(Factor(0.0)) {}
  explicit RandomHue(const Factor &factor) : RandomHue(factor, Options()) {}
  RandomHue(const Factor &factor, const Options &options) : factor(factor), options(options) { start(options); }

  void prepare() {
    factor = factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    Value turn =
        where(greater(draw(images, context), 0.5), -0.5, 0.5) * draw(images, context, factor.range("factor", 0, 1));
    Hsv x = rgb_to_hsv(to_range(images, options.value_range, {0, 1}));
    Value hue = x.hue + turn;
    hue = where(greater(hue, 1.0), hue - 1.0, hue);
    x.hue = where(less(hue, 0.0), hue + 1.0, hue);
    return to_range(clip(hsv_to_rgb(x), 0.0, 1.0), {0, 1}, options.value_range);
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

LAMINA_REGISTER_LAYER(RandomHue, "keras");

} // namespace lamina::layers

#endif
