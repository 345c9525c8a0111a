#ifndef LAMINA_LAYERS_REGULARIZATION_GAUSSIAN_NOISE_H
#define LAMINA_LAYERS_REGULARIZATION_GAUSSIAN_NOISE_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Adds normal noise of deviation stddev while training. Keras: layers.GaussianNoise.
class GaussianNoise : public Layer<GaussianNoise> {
public:
  struct Options {
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  GaussianNoise() : GaussianNoise(0.0) {}
  explicit GaussianNoise(double stddev) : GaussianNoise(stddev, Options()) {}
  GaussianNoise(double stddev, const Options &options) : stddev(stddev), options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &context) const {
    if (!context.training || stddev == 0.0)
      return x;
    return x + stddev * random_normal(context.seed(), dims_of(x), context.stream(options.seed));
  }
  template <typename F> void fields(F &f) {
    f.required("stddev", stddev);
    f("seed", options.seed);
  }
  double stddev;
  Options options;
};

LAMINA_REGISTER_LAYER(GaussianNoise, "keras");

} // namespace lamina::layers

#endif
