#ifndef LAMINA_LAYERS_MERGING_MULTIPLY_H
#define LAMINA_LAYERS_MERGING_MULTIPLY_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The product of the inputs, element by element. What an input's mask leaves out counts as 1, and where all masks do
/// the product is 0. Keras: layers.Multiply.
class Multiply : public MergeBase<Multiply> {
public:
  Multiply() : Multiply(Options()) {}
  explicit Multiply(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x, const Values &masks) const {
    Value y, mask;
    bool masked = true;
    for (std::size_t i = 0; i < x.size(); ++i) {
      Value factor = masks[i].defined() ? Value(where(masks[i], x[i], ones_like(x[i]))) : x[i];
      y = y.defined() ? Value(y * factor) : factor;
      masked = masked && masks[i].defined();
      if (masked)
        mask = mask.defined() ? Value(logical_or(mask, masks[i])) : masks[i];
    }
    return masked ? Value(where(mask, y, zeros_like(y))) : y;
  }
};

LAMINA_REGISTER_LAYER(Multiply, "keras");

} // namespace lamina::layers

#endif
