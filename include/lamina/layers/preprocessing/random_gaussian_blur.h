#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_GAUSSIAN_BLUR_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_GAUSSIAN_BLUR_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Blurs some images while training, with one random width for all of a batch. factor: the chance that an image is
/// blurred. kernel_size: odd, of columns and rows. Keras: layers.RandomGaussianBlur.
class RandomGaussianBlur : public AugmentationLayer<RandomGaussianBlur> {
public:
  struct Options {
    Factor factor = 1.0;
    Sizes kernel_size = 3;
    Factor sigma = 1.0;
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomGaussianBlur() : RandomGaussianBlur(Options()) {}
  explicit RandomGaussianBlur(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.sigma = options.sigma.resolved("sigma", 0, 1);
    options.kernel_size = options.kernel_size.expanded(2, "kernel_size");
    for (std::int64_t size : options.kernel_size)
      if (size % 2 == 0)
        throw Error("kernel_size must be odd, got " + std::to_string(size));
    options.value_range = ordered_range(options.value_range);
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [lower, upper] = options.sigma.range("sigma", 0, 1);
    auto weights = [&, lower = lower, upper = upper](std::int64_t size) {
      Value sigma = uniform(images, context, {}, lower, upper) + 1e-6;
      Value x =
          (cast(iota(images.graph(), {Dim(size)}, 0), images.dtype()) - 0.5 * static_cast<double>(size - 1)) / sigma;
      Value w = exp(-0.5 * square(x));
      return Value(w / sum(w));
    };
    Value columns = weights(options.kernel_size[0]), rows = weights(options.kernel_size[1]);
    Value blurred = filter_channels(images, expand_dims(rows, 1) * expand_dims(columns, 0));
    return clip_to(where(chosen(images, context, options.factor.range("factor", 0, 1)), blurred, images),
                   options.value_range);
  }

  template <typename F> void fields(F &f) {
    f("factor", options.factor);
    f("kernel_size", options.kernel_size);
    f("sigma", options.sigma);
    f("value_range", options.value_range);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(RandomGaussianBlur, "keras");

} // namespace lamina::layers

#endif
