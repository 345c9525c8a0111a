#ifndef LAMINA_LAYERS_ACTIVATIONS_ELU_H
#define LAMINA_LAYERS_ACTIVATIONS_ELU_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// x where x > 0, alpha (e^x - 1) elsewhere. Keras: layers.ELU.
class ELU : public Layer<ELU> {
public:
  struct Options {
    double alpha = 1.0;
    LAMINA_COMMON_OPTIONS;
  };
  ELU() : ELU(Options()) {}
  explicit ELU(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &) const { return activations::elu(x, options.alpha); }
  template <typename F> void fields(F &f) { f("alpha", options.alpha); }
  Options options;
};

LAMINA_REGISTER_LAYER(ELU, "keras");

} // namespace lamina::layers

#endif
