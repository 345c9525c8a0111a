#ifndef LAMINA_LAYERS_MERGING_CONCATENATE_H
#define LAMINA_LAYERS_MERGING_CONCATENATE_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Joins the inputs along an axis. Keras: layers.Concatenate.
class Concatenate : public Layer<Concatenate> {
public:
  struct Options {
    std::int64_t axis = -1;
    LAMINA_COMMON_OPTIONS;
  };
  Concatenate() : Concatenate(Options()) {}
  explicit Concatenate(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  Value call(const Values &inputs, CallContext &) const { return concatenate(inputs, options.axis); }

  /// A step is kept where any input keeps it; inputs without mask keep all.
  Values compute_mask(const Values &inputs, const Values &masks) const {
    bool any_mask = false;
    for (const Value &mask : masks)
      any_mask = any_mask || mask.defined();
    if (!any_mask)
      return {Value()};
    Values full;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Value mask = i < masks.size() ? masks[i] : Value();
      if (!mask.defined())
        mask = constant(inputs[i].graph(), 1.0, DType::Bool);
      else if (mask.rank() < inputs[i].rank())
        mask = expand_dims(mask, -1);
      full.push_back(broadcast_to(mask, dims_of(inputs[i])));
    }
    return {any(concatenate(full, options.axis), -1)};
  }

  template <typename F> void fields(F &f) { f("axis", options.axis); }
  Options options;
};

LAMINA_REGISTER_LAYER(Concatenate, "keras");

} // namespace lamina::layers

#endif
