#ifndef LAMINA_LAYERS_ATTENTION_GROUP_QUERY_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_GROUP_QUERY_ATTENTION_H

#include <lamina/layers/attention/base_multi_head_attention.h>

namespace lamina::layers {

struct GroupQueryAttentionOptions {
  double dropout = 0.0;
  bool use_bias = true;
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

/// Attention by several heads, of which num_query_heads / num_key_value_heads in a row share keys and values.
///
///     headᵢ = softmax(query·Qᵢ · (key·Kⱼ)ᵀ / √head_dim) · value·Vⱼ,  y = [head₁ … headₙ] · O
///
/// query (batch, Tq, dim), value (batch, Tv, dim), key (batch, Tv, dim), which is the value where it is not given →
/// (batch, Tq, dim). See MultiHeadAttentionBase for masks. Keras: layers.GroupQueryAttention. Ainslie et al., 2023.
class GroupQueryAttention : public MultiHeadAttentionBase<GroupQueryAttention, GroupQueryAttentionOptions> {
public:
  static constexpr const char *python_class = "GroupedQueryAttention";

  GroupQueryAttention() : GroupQueryAttention(1, 1, 1) {}
  GroupQueryAttention(std::int64_t head_dim, std::int64_t num_query_heads, std::int64_t num_key_value_heads)
      : GroupQueryAttention(head_dim, num_query_heads, num_key_value_heads, Options()) {}
  GroupQueryAttention(std::int64_t head_dim, std::int64_t num_query_heads, std::int64_t num_key_value_heads,
                      const Options &options)
      : MultiHeadAttentionBase(options), head_dim(head_dim), num_query_heads(num_query_heads),
        num_key_value_heads(num_key_value_heads) {
    activity_regularizer = options.activity_regularizer;
  }

  void prepare() const {
    MultiHeadAttentionBase::prepare();
    check_positive(head_dim, "head_dim");
    check_positive(num_query_heads, "num_query_heads");
    check_positive(num_key_value_heads, "num_key_value_heads");
    if (num_query_heads % num_key_value_heads)
      throw Error("num_query_heads (" + std::to_string(num_query_heads) +
                  ") must be a multiple of num_key_value_heads (" + std::to_string(num_key_value_heads) + ")");
  }

  void build(const std::vector<Shape> &inputs) {
    check_inputs(inputs.size());
    for (const Shape &input : inputs)
      check_rank(input, 3);
    const Shape &query = inputs[0];
    query_dense = project("query", "_query_dense", query, 1, {num_query_heads, head_dim});
    key_dense = project("key", "_key_dense", inputs.back(), 1, {num_key_value_heads, head_dim});
    if (options.use_gate)
      gate_dense = project("gate", "_gate_dense", query, 1, {num_query_heads, head_dim}, "sigmoid");
    value_dense = project("value", "_value_dense", inputs[1], 1, {num_key_value_heads, head_dim});
    output_dense =
        project("attention_output", "_output_dense", {none, none, num_query_heads, head_dim}, 2, {query.back()});
  }

  std::int64_t size_of_head() const { return head_dim; }
  std::int64_t attended() const { return 1; }

  Value scores(const Value &q, const Value &k) const { return einsum("bthd,bshd->bhts", q, for_queries(k)); }
  Value combine(const Value &weights, const Value &v) const {
    return einsum("bhts,bshd->bthd", weights, for_queries(v));
  }

  template <typename F> void fields(F &f) {
    f.required("head_dim", head_dim);
    f.required("num_query_heads", num_query_heads);
    f.required("num_key_value_heads", num_key_value_heads);
    shared_fields(f);
  }

  std::int64_t head_dim, num_query_heads, num_key_value_heads;

private:
  /// [batch, T, key and value heads, size] with a head for each query head.
  Value for_queries(const Value &x) const {
    std::int64_t shared = num_query_heads / num_key_value_heads;
    Value each = broadcast_to(expand_dims(x, 3), {Dim(x, 0), Dim(x, 1), num_key_value_heads, shared, head_dim});
    return reshape(each, {Dim(x, 0), Dim(x, 1), num_query_heads, head_dim});
  }
};

LAMINA_REGISTER_LAYER(GroupQueryAttention, "keras");

} // namespace lamina::layers

#endif
