#ifndef LAMINA_LAYERS_MERGING_ADD_H
#define LAMINA_LAYERS_MERGING_ADD_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The sum of the inputs, element by element. Keras: layers.Add.
class Add : public MergeBase<Add> {
public:
  Add() : Add(Options()) {}
  explicit Add(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    Value y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i)
      y = y + x[i];
    return y;
  }
};

LAMINA_REGISTER_LAYER(Add, "keras");

} // namespace lamina::layers

#endif
