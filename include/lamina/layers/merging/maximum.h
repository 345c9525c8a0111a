#ifndef LAMINA_LAYERS_MERGING_MAXIMUM_H
#define LAMINA_LAYERS_MERGING_MAXIMUM_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The largest of the inputs, element by element, of those that their masks leave in. Keras: layers.Maximum.
class Maximum : public MergeBase<Maximum> {
public:
  Maximum() : Maximum(Options()) {}
  explicit Maximum(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x, const Values &masks) const {
    return merge_unmasked(x, masks, [](const Value &a, const Value &b) -> Value { return maximum(a, b); });
  }
};

LAMINA_REGISTER_LAYER(Maximum, "keras");

} // namespace lamina::layers

#endif
