#ifndef LAMINA_LAYERS_MERGING_MINIMUM_H
#define LAMINA_LAYERS_MERGING_MINIMUM_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The smallest of the inputs, element by element, of those that their masks leave in. Keras: layers.Minimum.
class Minimum : public MergeBase<Minimum> {
public:
  Minimum() : Minimum(Options()) {}
  explicit Minimum(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x, const Values &masks) const {
    return merge_unmasked(x, masks, [](const Value &a, const Value &b) -> Value { return minimum(a, b); });
  }
};

LAMINA_REGISTER_LAYER(Minimum, "keras");

} // namespace lamina::layers

#endif
