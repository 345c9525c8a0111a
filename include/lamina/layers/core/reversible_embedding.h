#ifndef LAMINA_LAYERS_CORE_REVERSIBLE_EMBEDDING_H
#define LAMINA_LAYERS_CORE_REVERSIBLE_EMBEDDING_H

#include <lamina/layers/core/base_embedding.h>

namespace lamina::layers {

/// An Embedding that also projects back to the vocabulary, where it is called with `reverse`.
///
///     y = embeddings[x]
///     y = c tanh(x · embeddingsᵀ / c)      reverse; c = logit_soft_cap, without it x · embeddingsᵀ
///
/// (…) of integers → (…, output_dim); reverse: (…, output_dim) → (…, input_dim), computed in `reverse_dtype` where it
/// is given. Unless tie_weights, the way back has a matrix (output_dim, input_dim) of its own. With mask_zero, index 0
/// is masked. Errors: a reverse_dtype other than float32 or float64. Keras: layers.ReversibleEmbedding.
class ReversibleEmbedding : public BaseEmbedding<ReversibleEmbedding> {
public:
  struct Options {
    bool tie_weights = true;
    Initializer embeddings_initializer = "uniform";
    Regularizer embeddings_regularizer = {};
    Constraint embeddings_constraint = {};
    bool mask_zero = false;
    std::optional<std::string> reverse_dtype = {};
    std::optional<double> logit_soft_cap = {};
    LAMINA_COMMON_OPTIONS;
  };

  ReversibleEmbedding() : ReversibleEmbedding(1, 1) {}
  ReversibleEmbedding(std::int64_t input_dim, std::int64_t output_dim)
      : ReversibleEmbedding(input_dim, output_dim, Options()) {}
  ReversibleEmbedding(std::int64_t input_dim, std::int64_t output_dim, const Options &options)
      : BaseEmbedding(input_dim, output_dim,
                      {options.embeddings_initializer, options.embeddings_regularizer, options.embeddings_constraint,
                       options.mask_zero}),
        tie_weights(options.tie_weights), reverse_dtype(options.reverse_dtype), logit_soft_cap(options.logit_soft_cap) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    BaseEmbedding::prepare();
    if (reverse_dtype && reverse_dtype != "float32" && reverse_dtype != "float64")
      throw Error("reverse_dtype must be float32 or float64, got '" + *reverse_dtype + "'");
  }

  void build(const Shape &shape) {
    BaseEmbedding::build(shape);
    if (!tie_weights)
      reverse_embeddings =
          add_weight("reverse_embeddings", {output_dim, input_dim}, {.initializer = arguments.embeddings_initializer});
  }

  Value call(const Value &x, CallContext &context) const {
    if (!context.flag("reverse")) {
      Value y = look_up(x);
      if (Value mask = mask_of(x); mask.defined())
        context.set_mask(y, mask);
      return y;
    }
    DType compute = reverse_dtype ? dtype_from_name(*reverse_dtype) : dtype();
    Value table = cast(as_value(x.graph(), tie_weights ? embeddings : reverse_embeddings), compute);
    Value logits = dot_general(cast(x, compute), table, {x.rank() - 1}, {tie_weights ? 1 : 0});
    return logit_soft_cap ? Value(tanh(logits / *logit_soft_cap) * *logit_soft_cap) : logits;
  }

  template <typename F> void fields(F &f) {
    BaseEmbedding::fields(f);
    f("tie_weights", tie_weights);
    f("reverse_dtype", reverse_dtype);
    f("logit_soft_cap", logit_soft_cap);
  }

  bool tie_weights;
  std::optional<std::string> reverse_dtype;
  std::optional<double> logit_soft_cap;
  Variable reverse_embeddings;
};

LAMINA_REGISTER_LAYER(ReversibleEmbedding, "keras");

} // namespace lamina::layers

#endif
