#ifndef LAMINA_LAYERS_CORE_IDENTITY_H
#define LAMINA_LAYERS_CORE_IDENTITY_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Gives its input. Keras: layers.Identity.
class Identity : public Layer<Identity> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  Identity() : Identity(Options()) {}
  explicit Identity(const Options &options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &) const { return x; }
  template <typename F> void fields(F &) {}
};

LAMINA_REGISTER_LAYER(Identity, "keras");

} // namespace lamina::layers

#endif
