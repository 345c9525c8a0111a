#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_COLOR_JITTER_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_COLOR_JITTER_H

#include <lamina/layers/preprocessing/random_brightness.h>
#include <lamina/layers/preprocessing/random_contrast.h>
#include <lamina/layers/preprocessing/random_hue.h>
#include <lamina/layers/preprocessing/random_saturation.h>

namespace lamina::layers {

/// RandomBrightness, RandomContrast, RandomSaturation and RandomHue one after the other, of those whose factors are
/// given. Keras: layers.RandomColorJitter.
class RandomColorJitter : public AugmentationLayer<RandomColorJitter> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::optional<Factor> brightness_factor = {};
    std::optional<Factor> contrast_factor = {};
    std::optional<Factor> saturation_factor = {};
    std::optional<Factor> hue_factor = {};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomColorJitter() : RandomColorJitter(Options()) {}
  explicit RandomColorJitter(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.value_range = ordered_range(options.value_range);
    each([](auto layer) { layer.prepare(); });
  }

  Value transform(const Value &images, CallContext &context) const {
    Value x = images;
    each([&](auto layer) {
      layer.prepare();
      x = layer.transform(x, context);
    });
    return x;
  }

  template <typename F> void fields(F &f) {
    f("value_range", options.value_range);
    f("brightness_factor", options.brightness_factor);
    f("contrast_factor", options.contrast_factor);
    f("saturation_factor", options.saturation_factor);
    f("hue_factor", options.hue_factor);
    f("seed", seed);
    image_fields(f);
  }

  Options options;

private:
  template <typename L, typename F> void one(const std::optional<Factor> &factor, F action) const {
    if (factor)
      action(L(*factor, {.value_range = options.value_range, .seed = seed, .name = name()}));
  }
  template <typename F> void each(F action) const {
    one<RandomBrightness>(options.brightness_factor, action);
    one<RandomContrast>(options.contrast_factor, action);
    one<RandomSaturation>(options.saturation_factor, action);
    one<RandomHue>(options.hue_factor, action);
  }
};

LAMINA_REGISTER_LAYER(RandomColorJitter, "keras");

} // namespace lamina::layers

#endif
