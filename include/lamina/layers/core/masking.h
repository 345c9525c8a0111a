#ifndef LAMINA_LAYERS_CORE_MASKING_H
#define LAMINA_LAYERS_CORE_MASKING_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Masks the time steps of which every feature equals mask_value, and sets them to zero.
///
/// (batch, time, …) → the same. Keras: layers.Masking.
class Masking : public Layer<Masking> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };

  Masking() : Masking(0.0) {}
  explicit Masking(double mask_value) : Masking(mask_value, Options()) {}
  Masking(double mask_value, const Options &options) : mask_value(mask_value) {
    init(options.name, options.trainable, options.dtype);
  }

  Value call(const Value &x, CallContext &) const {
    return x * cast(any(not_equal(x, mask_value), -1, true), x.dtype());
  }
  Value compute_mask(const Value &x, const Value &) const { return any(not_equal(x, mask_value), -1); }

  template <typename F> void fields(F &f) { f("mask_value", mask_value); }

  double mask_value;

protected:
  bool makes_mask() const override { return true; }
};

LAMINA_REGISTER_LAYER(Masking, "keras");

} // namespace lamina::layers

#endif
