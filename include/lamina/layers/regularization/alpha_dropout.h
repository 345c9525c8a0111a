#ifndef LAMINA_LAYERS_REGULARIZATION_ALPHA_DROPOUT_H
#define LAMINA_LAYERS_REGULARIZATION_ALPHA_DROPOUT_H

#include <cmath>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Dropout that keeps mean and variance of SELU's outputs: dropped elements become -1.7581, then all are scaled and
/// moved. Keras: layers.AlphaDropout.
class AlphaDropout : public Layer<AlphaDropout> {
public:
  struct Options {
    std::optional<std::vector<std::optional<std::int64_t>>> noise_shape = {};
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  AlphaDropout() : AlphaDropout(0.0) {}
  explicit AlphaDropout(double rate) : AlphaDropout(rate, Options()) {}
  AlphaDropout(double rate, const Options &options) : rate(rate), options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  void prepare() const {
    if (!(rate >= 0.0 && rate < 1.0))
      throw Error("rate must lie in [0, 1), got " + Config(rate).str());
  }
  Value call(const Value &x, CallContext &context) const {
    if (!context.training || rate == 0.0)
      return x;
    Dims dims = dims_of(x);
    if (options.noise_shape)
      for (std::size_t i = 0; i < dims.size() && i < options.noise_shape->size(); ++i)
        if ((*options.noise_shape)[i])
          dims[i] = Dim(*(*options.noise_shape)[i]);
    constexpr double dropped = -1.6732632423543772 * 1.0507009873554805;
    // a = ((1 - rate)(1 + rate · dropped²))^-1/2, b = -a · dropped · rate
    double a = 1.0 / std::sqrt((1.0 - rate) * (1.0 + rate * dropped * dropped)), b = -a * dropped * rate;
    Value kept = random_uniform(context.seed(), dims, context.stream(options.seed)) >= rate;
    return a * where(kept, x, dropped) + b;
  }
  template <typename F> void fields(F &f) {
    f.required("rate", rate);
    f("seed", options.seed);
    f("noise_shape", options.noise_shape);
  }
  double rate;
  Options options;
};

LAMINA_REGISTER_LAYER(AlphaDropout, "keras");

} // namespace lamina::layers

#endif
