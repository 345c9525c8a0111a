#ifndef LAMINA_LAYERS_ATTENTION_MULTI_HEAD_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_MULTI_HEAD_ATTENTION_H

#include <lamina/layers/attention/base_multi_head_attention.h>

namespace lamina::layers {

struct MultiHeadAttentionOptions {
  std::optional<std::int64_t> value_dim = {};
  double dropout = 0.0;
  bool use_bias = true;
  std::optional<std::vector<std::int64_t>> output_shape = {};
  std::optional<std::vector<std::int64_t>> attention_axes = {};
  std::optional<std::int64_t> sliding_window = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool use_gate = false;
  std::optional<std::int64_t> seed = {};
  LAMINA_COMMON_OPTIONS;
};

/// Attention by several heads, each over projections of its own.
///
///     headᵢ = softmax(query·Qᵢ · (key·Kᵢ)ᵀ / √key_dim) · value·Vᵢ,  y = [head₁ … headₙ] · O
///
/// query (batch, Tq, dim), value (batch, Tv, dim), key (batch, Tv, dim), which is the value where it is not given →
/// (batch, Tq, dim), or output_shape as the last axes. attention_axes: the axes that are attended over, all but the
/// first and the last by default. use_gate multiplies the heads by sigmoid(query·G). See MultiHeadAttentionBase for
/// masks. Keras: layers.MultiHeadAttention. Vaswani et al., 2017.
class MultiHeadAttention : public MultiHeadAttentionBase<MultiHeadAttention, MultiHeadAttentionOptions> {
public:
  MultiHeadAttention() : MultiHeadAttention(1, 1) {}
  MultiHeadAttention(std::int64_t num_heads, std::int64_t key_dim)
      : MultiHeadAttention(num_heads, key_dim, Options()) {}
  MultiHeadAttention(std::int64_t num_heads, std::int64_t key_dim, const Options &options)
      : MultiHeadAttentionBase(options), num_heads(num_heads), key_dim(key_dim) {}

  void prepare() {
    MultiHeadAttentionBase::prepare();
    check_positive(num_heads, "num_heads");
    check_positive(key_dim, "key_dim");
    if (!options.value_dim)
      options.value_dim = key_dim;
    check_positive(*options.value_dim, "value_dim");
    // The projections have it.
    activity_regularizer = {};
  }

  void build(const std::vector<Shape> &inputs) {
    check_inputs(inputs.size());
    const Shape &query = inputs[0], &value = inputs[1], &key = inputs.size() == 3 ? inputs[2] : inputs[1];
    if (query.rank() < 3 || query.rank() != value.rank() || query.rank() != key.rank())
      throw Error("expects query, value and key of one rank, at least 3, got " + query.str() + ", " + value.str() +
                  " and " + key.str());
    std::int64_t rank = static_cast<std::int64_t>(query.rank());
    std::vector<std::int64_t> axes;
    for (std::int64_t i = 1; i + 1 < rank; ++i)
      axes.push_back(i);
    for (std::int64_t &axis : options.attention_axes ? *options.attention_axes : axes)
      axis = resolve_axis(axis, rank);
    if (options.attention_axes)
      axes = *options.attention_axes;
    options.attention_axes = axes;

    std::int64_t value_dim = *options.value_dim;
    query_dense = project("query", "query_dense", query, 1, {num_heads, key_dim});
    key_dense = project("key", "key_dense", key, 1, {num_heads, key_dim});
    if (options.use_gate)
      gate_dense = project("gate", "_gate_dense", query, 1, {num_heads, value_dim}, "sigmoid");
    value_dense = project("value", "value_dense", value, 1, {num_heads, value_dim});
    Shape heads(std::vector<std::int64_t>(query.begin(), query.end() - 1));
    heads.push_back(num_heads);
    heads.push_back(value_dim);
    output_dense = project("attention_output", "output_dense", heads, 2,
                           options.output_shape ? *options.output_shape : std::vector{query.back()});
    spell(rank + 1);
  }

  std::int64_t size_of_head() const { return key_dim; }
  std::int64_t attended() const { return static_cast<std::int64_t>(options.attention_axes->size()); }
  Value scores(const Value &q, const Value &k) const { return einsum(queries + "," + values + "->" + products, q, k); }
  Value combine(const Value &weights, const Value &v) const {
    return einsum(products + "," + values + "->" + queries, weights, v);
  }

  template <typename F> void fields(F &f) {
    f.required("num_heads", num_heads);
    f.required("key_dim", key_dim);
    f("value_dim", options.value_dim);
    shared_fields(f);
    f("output_shape", options.output_shape);
    f("attention_axes", options.attention_axes);
  }

  std::int64_t num_heads, key_dim;

private:
  /// Index letters of projections [batch, axes…, heads, size]: attended axes differ between queries and values, the
  /// others and the heads are common.
  void spell(std::int64_t rank) {
    std::string before, attending, attended;
    for (std::int64_t i = 0; i < rank; ++i) {
      char common = static_cast<char>('a' + i), own = static_cast<char>('A' + i);
      bool over = std::ranges::count(*options.attention_axes, i) > 0;
      queries += common;
      values += over ? own : common;
      if (!over && i + 1 < rank)
        before += common;
    }
    for (std::int64_t axis : *options.attention_axes) {
      attending += static_cast<char>('a' + axis);
      attended += static_cast<char>('A' + axis);
    }
    products = before + attending + attended;
  }

  std::string queries, values, products;
};

LAMINA_REGISTER_LAYER(MultiHeadAttention, "keras");

} // namespace lamina::layers

#endif
