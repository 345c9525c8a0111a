#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_TRANSLATION_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_TRANSLATION_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Moves images while training, by random shares of their height and width. Keras: layers.RandomTranslation.
class RandomTranslation : public TransformLayer<RandomTranslation> {
public:
  struct Options {
    std::string fill_mode = "reflect";      ///< constant, nearest, wrap or reflect
    std::string interpolation = "bilinear"; ///< or nearest
    double fill_value = 0.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomTranslation() : RandomTranslation(Factor(), Factor()) {}
  RandomTranslation(const Factor &height_factor, const Factor &width_factor)
      : RandomTranslation(height_factor, width_factor, Options()) {}
  RandomTranslation(const Factor &height_factor, const Factor &width_factor, const Options &options)
      : height_factor(height_factor), width_factor(width_factor) {
    start_transform(options);
  }

  void prepare() const {
    height_factor.range("height_factor", -1, 1);
    width_factor.range("width_factor", -1, 1);
    sampling.check();
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [height, width] = image_size(images);
    Value down = draw(images, context, height_factor.range("height_factor", -1, 1)) * static_cast<double>(height);
    Value right = draw(images, context, width_factor.range("width_factor", -1, 1)) * static_cast<double>(width);
    PixelGrid grid(images);
    return sample(images, grid.x - per_image(right), grid.y - per_image(down), sampling);
  }

  template <typename F> void fields(F &f) {
    f.required("height_factor", height_factor);
    f.required("width_factor", width_factor);
    transform_fields(f);
  }

  Factor height_factor, width_factor;
};

LAMINA_REGISTER_LAYER(RandomTranslation, "keras");

} // namespace lamina::layers

#endif
