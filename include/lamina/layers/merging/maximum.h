#ifndef LAMINA_LAYERS_MERGING_MAXIMUM_H
#define LAMINA_LAYERS_MERGING_MAXIMUM_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The largest of the inputs, element by element. Keras: layers.Maximum.
class Maximum : public MergeBase<Maximum> {
public:
  Maximum() : Maximum(Options()) {}
  explicit Maximum(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    Value y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i)
      y = maximum(y, x[i]);
    return y;
  }
};

LAMINA_REGISTER_LAYER(Maximum, "keras");

} // namespace lamina::layers

#endif
