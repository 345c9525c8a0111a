#ifndef LAMINA_LAYERS_MERGING_MINIMUM_H
#define LAMINA_LAYERS_MERGING_MINIMUM_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The smallest of the inputs, element by element. Keras: layers.Minimum.
class Minimum : public MergeBase<Minimum> {
public:
  Minimum() : Minimum(Options()) {}
  explicit Minimum(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    Value y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i)
      y = minimum(y, x[i]);
    return y;
  }
};

LAMINA_REGISTER_LAYER(Minimum, "keras");

} // namespace lamina::layers

#endif
