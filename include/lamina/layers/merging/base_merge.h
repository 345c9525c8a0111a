#ifndef LAMINA_LAYERS_MERGING_BASE_MERGE_H
#define LAMINA_LAYERS_MERGING_BASE_MERGE_H

#include <algorithm>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Pair by pair, where an element that a mask leaves out stands back behind the other.
template <typename F> Value merge_unmasked(const Values &x, const Values &masks, F combine) {
  Value y = x[0], y_mask = masks[0];
  for (std::size_t i = 1; i < x.size(); ++i) {
    Value next = masks[i].defined() ? Value(where(masks[i], x[i], y)) : x[i];
    if (y_mask.defined())
      y = where(y_mask, y, next);
    y_mask = y_mask.defined() && masks[i].defined() ? Value(logical_or(y_mask, masks[i])) : Value();
    y = combine(y, next);
  }
  return y;
}

/// Layers that combine a list of inputs element by element; inputs of fewer dimensions get axes of size 1 after the
/// batch.
template <typename D> class MergeBase : public Layer<D> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  explicit MergeBase(const Options &options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  Value call(const Values &inputs, CallContext &context) const {
    if (inputs.empty())
      throw Error("expects a list of inputs, got none");
    std::int64_t rank = 0;
    for (const Value &x : inputs)
      rank = std::max(rank, x.rank());
    Values aligned, masks;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Value x = inputs[i];
      // Keras forgets the mask of an input that it gives more axes.
      Value mask = x.rank() == rank && i < context.masks.size() ? context.masks[i] : Value();
      masks.push_back(mask.defined() ? expand_dims(mask, -1) : mask);
      while (x.rank() < rank)
        x = expand_dims(x, 1);
      aligned.push_back(x);
    }
    auto *self = static_cast<const D *>(this);
    if constexpr (requires { self->merge(aligned, masks); })
      return self->merge(aligned, masks);
    else
      return self->merge(aligned);
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
