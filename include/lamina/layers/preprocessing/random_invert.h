#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_INVERT_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_INVERT_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Turns some images into their negatives while training, y = value_range[1] - x. Keras: layers.RandomInvert.
class RandomInvert : public AugmentationLayer<RandomInvert> {
public:
  struct Options {
    Factor factor = 1.0;
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomInvert() : RandomInvert(Options()) {}
  explicit RandomInvert(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    return where(chosen(images, context, options.factor.range("factor", 0, 1)), options.value_range[1] - images,
                 images);
  }

  template <typename F> void fields(F &f) {
    f("factor", options.factor);
    f("value_range", options.value_range);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(RandomInvert, "keras");

} // namespace lamina::layers

#endif
