#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_SHEAR_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_SHEAR_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Slants images while training: x + x_factor · y and y + y_factor · x. Keras: layers.RandomShear.
class RandomShear : public TransformLayer<RandomShear> {
public:
  struct Options {
    Factor x_factor = 0.0;
    Factor y_factor = 0.0;
    std::string fill_mode = "reflect";      ///< constant, nearest, wrap or reflect
    std::string interpolation = "bilinear"; ///< or nearest
    double fill_value = 0.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomShear() : RandomShear(Options()) {}
  explicit RandomShear(const Options &options) : x_factor(options.x_factor), y_factor(options.y_factor) {
    start_transform(options);
  }

  void prepare() const {
    x_factor.range("x_factor", -1, 1);
    y_factor.range("y_factor", -1, 1);
    sampling.check();
  }

  Value transform(const Value &images, CallContext &context) const {
    Value direction = where(greater(draw(images, context), 0.5), -1.0, 1.0);
    Value along_x = per_image(direction * draw(images, context, x_factor.range("x_factor", -1, 1)));
    Value along_y = per_image(direction * draw(images, context, y_factor.range("y_factor", -1, 1)));
    PixelGrid grid(images);
    return sample(images, grid.x + along_x * grid.y, grid.y + along_y * grid.x, sampling);
  }

  template <typename F> void fields(F &f) {
    f("x_factor", x_factor);
    f("y_factor", y_factor);
    transform_fields(f);
  }

  Factor x_factor, y_factor;
};

LAMINA_REGISTER_LAYER(RandomShear, "keras");

} // namespace lamina::layers

#endif
