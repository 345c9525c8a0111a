#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_ROTATION_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_ROTATION_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Turns images around their middle while training, by a random share of a full turn. Keras: layers.RandomRotation.
class RandomRotation : public TransformLayer<RandomRotation> {
public:
  struct Options {
    std::string fill_mode = "reflect";      ///< constant, nearest, wrap or reflect
    std::string interpolation = "bilinear"; ///< or nearest
    double fill_value = 0.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomRotation() : RandomRotation(Factor()) {}
  explicit RandomRotation(const Factor &factor) : RandomRotation(factor, Options()) {}
  RandomRotation(const Factor &factor, const Options &options) : factor(factor) { start_transform(options); }

  void prepare() {
    factor = factor.resolved("factor", -1, 1);
    sampling.check();
  }

  Value transform(const Value &images, CallContext &context) const {
    constexpr double turn = 6.28318530717958647693;
    auto [lower, upper] = factor.range("factor", -1, 1);
    Value angle = per_image(draw(images, context, lower * turn, upper * turn)), c = cos(angle), s = sin(angle);
    auto [height, width] = image_size(images);
    double middle_x = 0.5 * static_cast<double>(width - 1), middle_y = 0.5 * static_cast<double>(height - 1);
    PixelGrid grid(images);
    Value x = grid.x - middle_x, y = grid.y - middle_y;
    return sample(images, c * x - s * y + middle_x, s * x + c * y + middle_y, sampling);
  }

  template <typename F> void fields(F &f) {
    f.required("factor", factor);
    transform_fields(f);
  }

  Factor factor;
};

LAMINA_REGISTER_LAYER(RandomRotation, "keras");

} // namespace lamina::layers

#endif
