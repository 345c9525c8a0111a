#ifndef LAMINA_LAYERS_ACTIVATIONS_SOFTMAX_H
#define LAMINA_LAYERS_ACTIVATIONS_SOFTMAX_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// e^x / Σ e^x along the axis (or axes); elements that a mask excludes give 0. Keras: layers.Softmax.
class Softmax : public Layer<Softmax> {
public:
  struct Options {
    Axes axis = -1;
    LAMINA_COMMON_OPTIONS;
  };
  Softmax() : Softmax(Options()) {}
  explicit Softmax(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  Value call(const Value &x, CallContext &context) const {
    options.axis.resolve(x.rank());
    Value mask = context.mask();
    if (!mask.defined())
      return softmax(x, options.axis);
    Value kept = mask.dtype() == DType::Bool ? mask : Value(mask > 0.5);
    return where(kept, softmax(where(kept, x, -3e38), options.axis), 0.0);
  }
  template <typename F> void fields(F &f) { f("axis", options.axis); }
  Options options;
};

LAMINA_REGISTER_LAYER(Softmax, "keras");

} // namespace lamina::layers

#endif
