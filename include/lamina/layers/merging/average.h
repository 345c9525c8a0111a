#ifndef LAMINA_LAYERS_MERGING_AVERAGE_H
#define LAMINA_LAYERS_MERGING_AVERAGE_H

#include <lamina/layers/merging/base_merge.h>

namespace lamina::layers {

/// The mean of the inputs, element by element. Keras: layers.Average.
class Average : public MergeBase<Average> {
public:
  Average() : Average(Options()) {}
  explicit Average(const Options &options) : MergeBase(options) {}
  Value merge(const Values &x) const {
    Value y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i)
      y = y + x[i];
    return y / static_cast<double>(x.size());
  }
};

LAMINA_REGISTER_LAYER(Average, "keras");

} // namespace lamina::layers

#endif
