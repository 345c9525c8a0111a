#ifndef LAMINA_LAYERS_MERGING_MULTIPLY_H
#define LAMINA_LAYERS_MERGING_MULTIPLY_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The product of the inputs, element by element. Keras: layers.Multiply.
class Multiply : public MergeBase<Multiply> {
public:
  Multiply() : Multiply(Options()) {}
  explicit Multiply(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    Value y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i)
      y = y * x[i];
    return y;
  }
};

LAMINA_REGISTER_LAYER(Multiply, "keras");

} // namespace lamina::layers

#endif
