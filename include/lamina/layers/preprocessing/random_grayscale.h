#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_GRAYSCALE_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_GRAYSCALE_H

#include <lamina/layers/preprocessing/base_color.h>

namespace lamina::layers {

/// Takes the colour from images with probability factor while training. Keras: layers.RandomGrayscale.
class RandomGrayscale : public AugmentationLayer<RandomGrayscale> {
public:
  struct Options {
    double factor = 0.5;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomGrayscale() : RandomGrayscale(Options()) {}
  explicit RandomGrayscale(double factor) : RandomGrayscale(Options{.factor = factor}) {}
  explicit RandomGrayscale(const Options &options) : factor(options.factor) { start(options); }

  void prepare() const {
    if (!(factor >= 0 && factor <= 1))
      throw Error("factor must lie in [0, 1], got " + Config(factor).str());
  }

  Value transform(const Value &images, CallContext &context) const {
    return where(less(draw(images, context), factor), to_grayscale(images), images);
  }

  template <typename F> void fields(F &f) {
    f("factor", factor);
    image_fields(f);
  }

  double factor;
};

LAMINA_REGISTER_LAYER(RandomGrayscale, "keras");

} // namespace lamina::layers

#endif
