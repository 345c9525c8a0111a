#ifndef LAMINA_LAYERS_REGULARIZATION_GAUSSIAN_DROPOUT_H
#define LAMINA_LAYERS_REGULARIZATION_GAUSSIAN_DROPOUT_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Multiplies by normal noise of mean 1 and variance rate/(1 - rate) while training. Keras: layers.GaussianDropout.
class GaussianDropout : public Layer<GaussianDropout> {
public:
  struct Options {
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  GaussianDropout() : GaussianDropout(0.0) {}
  explicit GaussianDropout(double rate) : GaussianDropout(rate, Options()) {}
  GaussianDropout(double rate, const Options &options) : rate(rate), options(options) {
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
    Value deviation = sqrt(constant(context.graph(), rate / (1.0 - rate), x.dtype()));
    return x * (1.0 + deviation * random_normal(context.seed(), dims_of(x), context.stream(options.seed)));
  }
  template <typename F> void fields(F &f) {
    f.required("rate", rate);
    f("seed", options.seed);
  }
  double rate;
  Options options;
};

LAMINA_REGISTER_LAYER(GaussianDropout, "keras");

} // namespace lamina::layers

#endif
