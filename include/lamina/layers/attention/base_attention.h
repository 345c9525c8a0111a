#ifndef LAMINA_LAYERS_ATTENTION_BASE_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_BASE_ATTENTION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// True where the query at position i may see the value at position j: j ≤ i. Shape (queries, values).
inline Value causal_mask(trace::Graph &graph, const Dim &queries, const Dim &values) {
  return iota(graph, {queries, values}, 0) >= iota(graph, {queries, values}, 1);
}

/// What the attentions over [query, value] or [query, value, key] share:
///
///     y = softmax(score(query, key)) · value
///
/// Masked values take no part; masked queries give 0. As call arguments: use_causal_mask, return_attention_scores (then
/// [y, weights]).
template <typename D> class AttentionBase : public Layer<D> {
public:
  AttentionBase(double dropout, std::optional<std::int64_t> seed) : dropout(dropout), seed(seed) {}

  void prepare() const {
    if (!(dropout >= 0.0 && dropout < 1.0))
      throw Error("dropout must lie in [0, 1), got " + Config(dropout).str());
  }

  Values call(const Values &inputs, CallContext &context) const {
    if (inputs.size() < 2 || inputs.size() > 3)
      throw Error("expects [query, value] or [query, value, key], got " + std::to_string(inputs.size()) + " inputs");
    Value query = to_dtype(inputs[0], this->dtype()), value = to_dtype(inputs[1], this->dtype());
    Value key = inputs.size() == 3 ? to_dtype(inputs[2], this->dtype()) : value;
    Value scores = static_cast<const D *>(this)->score(query, key);
    Value seen = context.mask(1);
    if (seen.defined())
      seen = expand_dims(seen, -2);
    if (context.flag("use_causal_mask")) {
      Value causal = causal_mask(scores.graph(), Dim(scores, -2), Dim(scores, -1));
      seen = seen.defined() ? Value(logical_and(seen, causal)) : causal;
    }
    if (seen.defined())
      scores = where(seen, scores, scores - 1e9);
    Value weights = softmax(scores);
    if (context.training && dropout > 0)
      weights = drop_elements(weights, dims_of(weights), dropout, context, seed);
    Value y = matmul(weights, value);
    if (context.mask(0).defined())
      y = where(expand_dims(context.mask(0), -1), y, 0.0);
    return context.flag("return_attention_scores") ? Values{y, weights} : Values{y};
  }

  Values compute_mask(const Values &, const Values &masks) const { return {masks.empty() ? Value() : masks[0]}; }

  double dropout;
  std::optional<std::int64_t> seed;
};

} // namespace lamina::layers

#endif
