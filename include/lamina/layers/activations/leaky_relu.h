#ifndef LAMINA_LAYERS_ACTIVATIONS_LEAKY_RELU_H
#define LAMINA_LAYERS_ACTIVATIONS_LEAKY_RELU_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// x where x >= 0, negative_slope · x elsewhere. Keras: layers.LeakyReLU.
class LeakyReLU : public Layer<LeakyReLU> {
public:
  struct Options {
    double negative_slope = 0.3;
    LAMINA_COMMON_OPTIONS;
  };
  LeakyReLU() : LeakyReLU(Options()) {}
  explicit LeakyReLU(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &) const { return activations::leaky_relu(x, options.negative_slope); }
  template <typename F> void fields(F &f) { f("negative_slope", options.negative_slope); }
  Options options;
};

LAMINA_REGISTER_LAYER(LeakyReLU, "keras");

} // namespace lamina::layers

#endif
