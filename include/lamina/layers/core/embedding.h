#ifndef LAMINA_LAYERS_CORE_EMBEDDING_H
#define LAMINA_LAYERS_CORE_EMBEDDING_H

#include <lamina/layers/core/base_embedding.h>

namespace lamina::layers {

/// Rows of a table, looked up by index.
///
///     y = embeddings[x]
///
/// (…) of integers → (…, output_dim). With mask_zero, index 0 is masked. Indices past the table take its last row.
/// Keras: layers.Embedding.
class Embedding : public BaseEmbedding<Embedding> {
public:
  struct Options {
    Initializer embeddings_initializer = "uniform";
    Regularizer embeddings_regularizer = {};
    Constraint embeddings_constraint = {};
    bool mask_zero = false;
    LAMINA_COMMON_OPTIONS;
  };

  Embedding() : Embedding(1, 1) {}
  Embedding(std::int64_t input_dim, std::int64_t output_dim) : Embedding(input_dim, output_dim, Options()) {}
  Embedding(std::int64_t input_dim, std::int64_t output_dim, const Options &options)
      : BaseEmbedding(input_dim, output_dim,
                      {options.embeddings_initializer, options.embeddings_regularizer, options.embeddings_constraint,
                       options.mask_zero}) {
    init(options.name, options.trainable, options.dtype);
  }

  Value call(const Value &x, CallContext &) const { return look_up(x); }
  Value compute_mask(const Value &x, const Value &) const { return mask_of(x); }

protected:
  bool makes_mask() const override { return arguments.mask_zero; }
};

LAMINA_REGISTER_LAYER(Embedding, "keras");

} // namespace lamina::layers

#endif
