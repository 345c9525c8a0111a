#ifndef LAMINA_LAYERS_ATTENTION_BASE_MULTI_HEAD_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_BASE_MULTI_HEAD_ATTENTION_H

#include <cmath>

#include <lamina/layers/attention/base_attention.h>
#include <lamina/layers/core/einsum_dense.h>

namespace lamina::layers {

/// What the attentions with projections share:
///
///     y = output_dense(softmax(query_dense(query) · key_dense(key)ᵀ / √size) · value_dense(value))
///
/// D makes the projections in `build`, and has `scores(q, k)`, [batch…, heads, Tq…, Tv…], and `combine(weights, v)`.
/// Masks, as well as attention_mask ([batch, Tq, Tv] or [batch, heads, Tq, Tv]) and use_causal_mask as call arguments,
/// say which values a query sees. return_attention_scores gives [y, weights].
template <typename D, typename O> class MultiHeadAttentionBase : public Layer<D> {
public:
  using Options = O;
  explicit MultiHeadAttentionBase(const Options &options) : options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    if (!(options.dropout >= 0.0 && options.dropout < 1.0))
      throw Error("dropout must lie in [0, 1), got " + Config(options.dropout).str());
    if (options.sliding_window)
      check_positive(*options.sliding_window, "sliding_window");
  }

  Values call(const Values &inputs, CallContext &context) const {
    check_inputs(inputs.size());
    Value query = to_dtype(inputs[0], this->dtype()), value = to_dtype(inputs[1], this->dtype());
    Value key = inputs.size() == 3 ? to_dtype(inputs[2], this->dtype()) : value;
    const D &layer = *static_cast<const D *>(this);
    double scale = 1 / std::sqrt(static_cast<double>(layer.size_of_head()));
    Value scores = layer.scores((*query_dense)(query)*scale, (*key_dense)(key));
    Value seen = visible(query, value, context);
    std::int64_t axes = layer.attended();
    if (seen.defined()) {
      while (seen.rank() < scores.rank())
        seen = expand_dims(seen, -1 - 2 * axes);
      scores = where(seen, scores, -1e38);
    }
    std::vector<std::int64_t> positions;
    for (std::int64_t i = 1; i <= axes; ++i)
      positions.push_back(-i);
    Value weights = softmax(scores, positions);
    bool shown = context.flag("return_attention_scores");
    // A query that sees nothing gets the mean of all values in Keras's fused attention, and 0 elsewhere.
    bool fused = options.dropout == 0 && !shown && scores.rank() == 4;
    if (seen.defined() && !fused)
      weights = where(seen, weights, 0.0);
    Value kept = weights;
    if (context.training && options.dropout > 0)
      kept = drop_elements(weights, dims_of(weights), options.dropout, context, options.seed);
    Value y = layer.combine(kept, (*value_dense)(value));
    if (gate_dense)
      y = y * (*gate_dense)(query);
    y = (*output_dense)(y);
    return shown ? Values{y, weights} : Values{y};
  }

  Values compute_mask(const Values &, const Values &masks) const { return {masks.empty() ? Value() : masks[0]}; }
  std::vector<std::string> input_names() const override { return {"query", "value", "key"}; }

  Options options;
  std::shared_ptr<EinsumDense> query_dense, key_dense, gate_dense, value_dense, output_dense;

protected:
  static void check_inputs(std::size_t count) {
    if (count < 2 || count > 3)
      throw Error("expects query, value and perhaps key, got " + std::to_string(count) + " inputs");
  }

  /// A projection of an input of shape `input` onto `sizes`, its last axes; it takes the input's last `bound` axes.
  std::shared_ptr<EinsumDense> project(const std::string &name, const std::string &path, const Shape &input,
                                       std::int64_t bound, const std::vector<std::int64_t> &sizes,
                                       const ActivationFunction &activation = {}) {
    std::string letters, kept;
    for (std::size_t i = 0; i < input.rank(); ++i)
      letters += static_cast<char>('a' + i);
    kept = letters.substr(0, letters.size() - static_cast<std::size_t>(bound));
    std::string given;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      given += static_cast<char>('a' + letters.size() + i);
    Config shape = Config::List();
    for (std::size_t i = 1; i < kept.size(); ++i)
      shape.push_back(nullptr);
    for (std::int64_t size : sizes)
      shape.push_back(size);
    EinsumDense::Options inner;
    inner.activation = activation;
    if (options.use_bias)
      inner.bias_axes = given;
    inner.kernel_initializer = options.kernel_initializer;
    inner.bias_initializer = options.bias_initializer;
    inner.kernel_regularizer = options.kernel_regularizer;
    inner.bias_regularizer = options.bias_regularizer;
    inner.activity_regularizer = options.activity_regularizer;
    inner.kernel_constraint = options.kernel_constraint;
    inner.bias_constraint = options.bias_constraint;
    inner.name = name;
    inner.dtype = this->dtype_policy_;
    auto dense = std::make_shared<EinsumDense>(
        letters + "," + letters.substr(kept.size()) + given + "->" + kept + given, shape, inner);
    this->add_child(path, dense);
    dense->ensure_built({input});
    return dense;
  }

  template <typename F> void shared_fields(F &f) {
    f("dropout", options.dropout);
    f("use_bias", options.use_bias);
    f("use_gate", options.use_gate);
    f("sliding_window", options.sliding_window);
    f("activity_regularizer", options.activity_regularizer);
    kernel_and_bias_fields(f, options);
    f("seed", options.seed);
  }

private:
  /// Which values a query sees, [batch, Tq, Tv] or with heads; no value where all are seen.
  Value visible(const Value &query, const Value &value, const CallContext &context) const {
    Value seen;
    auto restrict = [&](const Value &mask) { seen = seen.defined() ? Value(logical_and(seen, mask)) : mask; };
    for (std::size_t input = 0; input < 3; ++input)
      if (Value mask = context.mask(input); mask.defined())
        restrict(expand_dims(cast(mask, DType::Bool), input == 0 ? -1 : -2));
    if (context.flag("use_causal_mask"))
      restrict(expand_dims(causal_mask(query.graph(), Dim(query, 1), Dim(value, 1)), 0));
    if (options.sliding_window) {
      Dims square{Dim(query, 1), Dim(value, 1)};
      Value distance = abs(iota(query.graph(), square, 0) - iota(query.graph(), square, 1));
      restrict(expand_dims(Value(distance < static_cast<double>(*options.sliding_window)), 0));
    }
    if (Value mask = context.tensor("attention_mask"); mask.defined()) {
      mask = cast(mask, DType::Bool);
      // Ranks differ where the mask has heads.
      while (seen.defined() && seen.rank() < mask.rank())
        seen = expand_dims(seen, -3);
      restrict(mask);
    }
    return seen;
  }
};

} // namespace lamina::layers

#endif
