#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_SHARPNESS_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_SHARPNESS_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Blurs images while training, or sharpens them where f is above 0.5: y = x + (1 - 2f) · (smooth x - x).
/// Keras: layers.RandomSharpness.
class RandomSharpness : public AugmentationLayer<RandomSharpness> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomSharpness() : RandomSharpness(Factor(0.0)) {}
  explicit RandomSharpness(const Factor &factor) : RandomSharpness(factor, Options()) {}
  RandomSharpness(const Factor &factor, const Options &options) : factor(factor), options(options) { start(options); }

  void prepare() {
    factor = factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    constexpr float a = 1.0f / 13, b = 5.0f / 13;
    Value kernel = to_dtype(constant(images.graph(), Tensor{{a, a, a}, {a, b, a}, {a, a, a}}), images.dtype());
    Value strength = 1.0 - 2.0 * draw(images, context, factor.range("factor", 0, 1));
    return clip_to(images + strength * (filter_channels(images, kernel) - images), options.value_range);
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

LAMINA_REGISTER_LAYER(RandomSharpness, "keras");

} // namespace lamina::layers

#endif
