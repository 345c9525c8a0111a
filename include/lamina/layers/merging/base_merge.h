#ifndef LAMINA_LAYERS_MERGING_BASE_MERGE_H
#define LAMINA_LAYERS_MERGING_BASE_MERGE_H

#include <algorithm>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Layers that combine a list of inputs element by element; inputs of fewer dimensions get axes of size 1 after the
/// batch.
template <typename D> class MergeBase : public Layer<D> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  explicit MergeBase(const Options &options) {
    this->init(options.name, options.trainable, options.dtype);
    this->supports_masking = true;
  }

  Value call(const Values &inputs, CallContext &) const {
    if (inputs.empty())
      throw Error("expects a list of inputs, got none");
    std::int64_t rank = 0;
    for (const Value &x : inputs)
      rank = std::max(rank, x.rank());
    Values aligned;
    for (Value x : inputs) {
      while (x.rank() < rank)
        x = expand_dims(x, 1);
      aligned.push_back(x);
    }
    return static_cast<const D *>(this)->merge(aligned);
  }

  /// Masked where every input's mask is; none where an input has none.
  Values compute_mask(const Values &, const Values &masks) const {
    Value result;
    for (const Value &mask : masks) {
      if (!mask.defined())
        return {Value()};
      result = result.defined() ? Value(logical_or(result, mask)) : mask;
    }
    return {result};
  }

  template <typename F> void fields(F &) {}
};

} // namespace lamina::layers

#endif
