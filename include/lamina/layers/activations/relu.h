#ifndef LAMINA_LAYERS_ACTIVATIONS_RELU_H
#define LAMINA_LAYERS_ACTIVATIONS_RELU_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// x between threshold and max_value, negative_slope · (x - threshold) below. Keras: layers.ReLU.
class ReLU : public Layer<ReLU> {
public:
  struct Options {
    std::optional<double> max_value = {};
    double negative_slope = 0.0;
    double threshold = 0.0;
    LAMINA_COMMON_OPTIONS;
  };
  ReLU() : ReLU(Options()) {}
  explicit ReLU(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &) const {
    return activations::relu(x, options.negative_slope, options.max_value, options.threshold);
  }
  template <typename F> void fields(F &f) {
    f("max_value", options.max_value);
    f("negative_slope", options.negative_slope);
    f("threshold", options.threshold);
  }
  Options options;
};

LAMINA_REGISTER_LAYER(ReLU, "keras");

} // namespace lamina::layers

#endif
