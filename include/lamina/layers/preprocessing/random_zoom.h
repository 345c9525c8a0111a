#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_ZOOM_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_ZOOM_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Shows images smaller (factors above 0) or larger while training. Without a width factor the sides keep their ratio.
/// Keras: layers.RandomZoom.
class RandomZoom : public TransformLayer<RandomZoom> {
public:
  struct Options {
    std::optional<Factor> width_factor = {};
    std::string fill_mode = "reflect";      ///< constant, nearest, wrap or reflect
    std::string interpolation = "bilinear"; ///< or nearest
    double fill_value = 0.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomZoom() : RandomZoom(Factor()) {}
  explicit RandomZoom(const Factor &height_factor) : RandomZoom(height_factor, Options()) {}
  RandomZoom(const Factor &height_factor, const Options &options)
      : height_factor(height_factor), width_factor(options.width_factor) {
    start_transform(options);
  }

  void prepare() const {
    height_factor.range("height_factor", -1, 1);
    if (width_factor)
      width_factor->range("width_factor", -1, 1);
    sampling.check();
  }

  Value transform(const Value &images, CallContext &context) const {
    auto zoom = [&](const Factor &factor, const char *what) {
      return Value(1.0 + per_image(draw(images, context, factor.range(what, -1, 1))));
    };
    Value vertical = zoom(height_factor, "height_factor");
    Value horizontal = width_factor ? zoom(*width_factor, "width_factor") : vertical;
    auto [height, width] = image_size(images);
    double middle_x = 0.5 * static_cast<double>(width - 1), middle_y = 0.5 * static_cast<double>(height - 1);
    PixelGrid grid(images);
    return sample(images, (grid.x - middle_x) * horizontal + middle_x, (grid.y - middle_y) * vertical + middle_y,
                  sampling);
  }

  template <typename F> void fields(F &f) {
    f.required("height_factor", height_factor);
    f("width_factor", width_factor);
    transform_fields(f);
  }

  Factor height_factor;
  std::optional<Factor> width_factor;
};

LAMINA_REGISTER_LAYER(RandomZoom, "keras");

} // namespace lamina::layers

#endif
