#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_ELASTIC_TRANSFORM_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_ELASTIC_TRANSFORM_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// Bends some images while training: pixels move by smooth noise, whose strength and width are shares of the image's
/// size. factor: the chance that an image is bent. scale: the range of the shares. Keras:
/// layers.RandomElasticTransform.
class RandomElasticTransform : public TransformLayer<RandomElasticTransform> {
public:
  struct Options {
    Factor factor = 1.0;
    Factor scale = 1.0;
    std::string interpolation = "bilinear"; ///< or nearest
    std::string fill_mode = "reflect";      ///< constant, nearest, wrap, mirror or reflect
    double fill_value = 0.0;
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomElasticTransform() : RandomElasticTransform(Options()) {}
  explicit RandomElasticTransform(const Options &options) : options(options) { start_transform(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.scale = options.scale.resolved("scale", 0, 1);
    options.value_range = ordered_range(options.value_range);
    sampling.check(true);
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [lower, upper] = options.scale.range("scale", 0, 1);
    if (upper == 0.0 || options.factor.range("factor", 0, 1).second == 0.0)
      return images;
    auto [height, width] = image_size(images);
    double shorter = static_cast<double>(std::min(height, width)),
           longer = static_cast<double>(std::max(height, width));
    Value strength = uniform(images, context, {}, lower, upper), sigma = strength * (0.05 * shorter);
    // The kernel reaches floor(floor(6 sigma) / 2) to either side, which is less where the drawn sigma is.
    auto reach = static_cast<std::int64_t>(std::floor(6.0 * 0.05 * upper * shorter)) / 2;
    Value x = cast(iota(images.graph(), {Dim(2 * reach + 1)}, 0), images.dtype()) - static_cast<double>(reach);
    Value weights = where(less_equal(abs(x), floor(0.5 * floor(6.0 * sigma))), exp(-0.5 * square(x / sigma)), 0.0);
    weights = where(equal(x, 0.0), 1.0, weights);
    weights = weights / sum(weights);
    Value noise = random_normal(context.seed(), {Dim(images, 0), Dim(height), Dim(width), Dim(1)}, context.stream(seed),
                                images.dtype()) *
                  sigma;
    Value smooth = filter_channels(noise, expand_dims(weights, 1) * expand_dims(weights, 0));
    // Keras draws both directions from one key: they are the same.
    Value shift = squeeze(smooth, -1) * (strength * (0.1 * longer));
    PixelGrid grid(images);
    Value bent = sample(images, grid.x + shift, grid.y + shift, sampling);
    return clip_to(where(chosen(images, context, options.factor.range("factor", 0, 1)), bent, images),
                   options.value_range);
  }

  template <typename F> void fields(F &f) {
    f("factor", options.factor);
    f("scale", options.scale);
    f("value_range", options.value_range);
    transform_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(RandomElasticTransform, "keras");

} // namespace lamina::layers

#endif
