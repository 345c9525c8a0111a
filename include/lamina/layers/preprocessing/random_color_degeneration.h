#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_COLOR_DEGENERATION_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_COLOR_DEGENERATION_H

#include <lamina/layers/preprocessing/base_color.h>

namespace lamina::layers {

/// Mixes images with their grey ones while training, y = x + f · (grey - x). Keras: layers.RandomColorDegeneration.
class RandomColorDegeneration : public AugmentationLayer<RandomColorDegeneration> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomColorDegeneration() : RandomColorDegeneration(Factor(0.0)) {}
  explicit RandomColorDegeneration(const Factor &factor) : RandomColorDegeneration(factor, Options()) {}
  RandomColorDegeneration(const Factor &factor, const Options &options) : factor(factor), options(options) {
    start(options);
  }

  void prepare() {
    factor = factor.resolved("factor", -1, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    return clip_to(images + draw(images, context, factor.range("factor", -1, 1)) * (to_grayscale(images) - images),
                   options.value_range);
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

LAMINA_REGISTER_LAYER(RandomColorDegeneration, "keras");

} // namespace lamina::layers

#endif
