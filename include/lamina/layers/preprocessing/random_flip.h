#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_FLIP_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_FLIP_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Flips half of the images while training; in both directions at once where the mode names both.
/// Errors: an unknown mode. Keras: layers.RandomFlip.
class RandomFlip : public AugmentationLayer<RandomFlip> {
public:
  struct Options {
    std::string mode = "horizontal_and_vertical"; ///< or one of them
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomFlip() : RandomFlip(Options()) {}
  explicit RandomFlip(const std::string &mode) : RandomFlip(Options{.mode = mode}) {}
  explicit RandomFlip(const Options &options) : mode(options.mode) { start(options); }

  void prepare() const {
    if (mode != "horizontal" && mode != "vertical" && mode != "horizontal_and_vertical")
      throw Error("mode must be horizontal, vertical or horizontal_and_vertical, got '" + mode + "'");
  }

  Value transform(const Value &images, CallContext &context) const {
    std::vector<std::int64_t> axes;
    if (mode != "horizontal")
      axes.push_back(1);
    if (mode != "vertical")
      axes.push_back(2);
    return where(less_equal(draw(images, context), 0.5), reverse(images, axes), images);
  }

  template <typename F> void fields(F &f) {
    f("seed", seed);
    f("mode", mode);
    image_fields(f);
  }

  std::string mode;
};

LAMINA_REGISTER_LAYER(RandomFlip, "keras");

} // namespace lamina::layers

#endif
