#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_PERSPECTIVE_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_PERSPECTIVE_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Shows some images from another point of view while training: their corners move by random shares of their
/// coordinates. factor: the chance that an image is. scale: the width of the shares' range. Keras:
/// layers.RandomPerspective.
class RandomPerspective : public AugmentationLayer<RandomPerspective> {
public:
  struct Options {
    Factor factor = 1.0;
    double scale = 1.0;
    std::string interpolation = "bilinear"; ///< or nearest
    double fill_value = 0.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomPerspective() : RandomPerspective(Options()) {}
  explicit RandomPerspective(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    if (!(options.scale >= 0 && options.scale <= 1))
      throw Error("scale must lie in [0, 1], got " + Config(options.scale).str());
    sampling().check();
  }

  /// The map takes the moved corners (0, 0), (x1, 0), (0, y2), (x3, y3) to (0, 0), (w, 0), (0, h), (w, h).
  Value transform(const Value &images, CallContext &context) const {
    auto [height, width] = image_size(images);
    double w = static_cast<double>(width - 1), h = static_cast<double>(height - 1);
    auto moved = [&](double corner) {
      return Value(corner * (1.0 + per_image(draw(images, context, -0.5 * options.scale, 0.5 * options.scale))));
    };
    Value x1 = moved(w), y2 = moved(h), x3 = moved(w), y3 = moved(h);
    // Heckbert's map from the unit square to the corners, (a u, e v) / (g u + k v + 1), inverted.
    Value dx1 = x1 - x3, dx2 = -x3, dy1 = -y3, dy2 = y2 - y3, sx = x3 - x1, sy = y3 - y2;
    Value determinant = dx1 * dy2 - dx2 * dy1;
    Value g = (sx * dy2 - dx2 * sy) / determinant, k = (dx1 * sy - sx * dy1) / determinant;
    Value a = x1 * (1.0 + g), e = y2 * (1.0 + k);
    PixelGrid grid(images);
    Value weight = a * e - g * e * grid.x - k * a * grid.y;
    Value u = e * grid.x / weight, v = a * grid.y / weight;
    Value seen = sample(images, w * u, h * v, sampling());
    return where(chosen(images, context, options.factor.range("factor", 0, 1)), seen, images);
  }

  template <typename F> void fields(F &f) {
    f("factor", options.factor);
    f("scale", options.scale);
    f("interpolation", options.interpolation);
    f("fill_value", options.fill_value);
    f("seed", seed);
    image_fields(f);
  }

  Options options;

private:
  Sampling sampling() const { return {options.interpolation, "constant", options.fill_value}; }
};

LAMINA_REGISTER_LAYER(RandomPerspective, "keras");

} // namespace lamina::layers

#endif
