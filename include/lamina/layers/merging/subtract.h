#ifndef LAMINA_LAYERS_MERGING_SUBTRACT_H
#define LAMINA_LAYERS_MERGING_SUBTRACT_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The first input minus the second. Keras: layers.Subtract.
class Subtract : public MergeBase<Subtract> {
public:
  Subtract() : Subtract(Options()) {}
  explicit Subtract(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    if (x.size() != 2)
      throw Error("expects two inputs, got " + std::to_string(x.size()));
    return x[0] - x[1];
  }
};

LAMINA_REGISTER_LAYER(Subtract, "keras");

} // namespace lamina::layers

#endif
