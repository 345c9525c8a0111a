#ifndef LAMINA_LAYERS_ACTIVATIONS_ACTIVATION_H
#define LAMINA_LAYERS_ACTIVATIONS_ACTIVATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Applies an activation, by name or function. Keras: layers.Activation.
class Activation : public Layer<Activation> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  Activation() : Activation("linear") {}
  Activation(const ActivationFunction &activation) : Activation(activation, Options()) {}
  Activation(const ActivationFunction &activation, const Options &options) : activation(activation) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &) const { return activation(x); }
  template <typename F> void fields(F &f) { f.required("activation", activation); }

  ActivationFunction activation;
};

LAMINA_REGISTER_LAYER(Activation, "keras");

} // namespace lamina::layers

#endif
