#ifndef LAMINA_LAYERS_APPLICATIONS_STOCHASTIC_DEPTH_H
#define LAMINA_LAYERS_APPLICATIONS_STOCHASTIC_DEPTH_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Sets whole samples to 0 with probability drop_path_rate while training and scales the others by
/// 1/(1 - drop_path_rate).
///
/// x: any shape. Keras: applications.convnext.StochasticDepth. Huang et al., 2016.
class StochasticDepth : public Layer<StochasticDepth> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };

  StochasticDepth() : StochasticDepth(0.0) {}
  explicit StochasticDepth(double drop_path_rate) : StochasticDepth(drop_path_rate, Options()) {}
  StochasticDepth(double drop_path_rate, const Options &options) : drop_path_rate(drop_path_rate), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    if (!(drop_path_rate >= 0.0 && drop_path_rate < 1.0))
      throw Error("drop_path_rate must lie in [0, 1), got " + Config(drop_path_rate).str());
  }

  Value call(const Value &x, CallContext &context) const {
    if (!context.training || drop_path_rate == 0.0)
      return x;
    Dims dims(dims_of(x).size(), Dim(1));
    dims[0] = dims_of(x)[0];
    return drop_elements(x, dims, drop_path_rate, context, {});
  }

  template <typename F> void fields(F &f) { f.required("drop_path_rate", drop_path_rate); }

  double drop_path_rate;
  Options options;
};

LAMINA_REGISTER_LAYER(StochasticDepth, "keras.src.applications.convnext");

} // namespace lamina::layers

#endif
