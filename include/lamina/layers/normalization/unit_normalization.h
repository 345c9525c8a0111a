#ifndef LAMINA_LAYERS_NORMALIZATION_UNIT_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_UNIT_NORMALIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Scales each sample to length 1 over an axis, or several.
///
///     y = x / max(√Σ x², 1e-12)
///
/// Keras: layers.UnitNormalization.
class UnitNormalization : public Layer<UnitNormalization> {
public:
  struct Options {
    Axes axis = -1;
    LAMINA_COMMON_OPTIONS;
  };

  UnitNormalization() : UnitNormalization(Options()) {}
  explicit UnitNormalization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  Value call(const Value &input, CallContext &) const {
    return unit_length(to_dtype(input, dtype()), options.axis, 1e-12);
  }

  template <typename F> void fields(F &f) { f("axis", options.axis); }

  Options options;
};

LAMINA_REGISTER_LAYER(UnitNormalization, "keras");

} // namespace lamina::layers

#endif
