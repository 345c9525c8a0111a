#ifndef LAMINA_LAYERS_CORE_EMBEDDING_H
#define LAMINA_LAYERS_CORE_EMBEDDING_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Rows of a table, looked up by index.
///
///     y = embeddings[x]
///
/// (…) of integers → (…, output_dim). With mask_zero, index 0 is masked. Indices past the table take its last row.
/// Keras: layers.Embedding.
class Embedding : public Layer<Embedding> {
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
      : input_dim(input_dim), output_dim(output_dim), options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() const {
    check_positive(input_dim, "input_dim");
    check_positive(output_dim, "output_dim");
  }

  void build(const Shape &) {
    embeddings = add_weight("embeddings", {input_dim, output_dim},
                            {.initializer = options.embeddings_initializer,
                             .regularizer = options.embeddings_regularizer,
                             .constraint = options.embeddings_constraint});
  }

  Value call(const Value &x, CallContext &context) const {
    Value indices = is_integer(x.dtype()) ? x : Value(cast(x, DType::Int32));
    // As jax's indexing: a negative index counts from the end.
    indices = where(indices < 0, indices + input_dim, indices);
    return take(as_value(context.graph(), embeddings), indices);
  }

  Value compute_mask(const Value &x, const Value &) const {
    return options.mask_zero ? Value(not_equal(x, 0)) : Value();
  }

  template <typename F> void fields(F &f) {
    f.required("input_dim", input_dim);
    f.required("output_dim", output_dim);
    f("embeddings_initializer", options.embeddings_initializer);
    f("embeddings_regularizer", options.embeddings_regularizer);
    f("embeddings_constraint", options.embeddings_constraint);
    f("mask_zero", options.mask_zero);
  }

  std::int64_t input_dim, output_dim;
  Options options;
  Variable embeddings;

protected:
  bool makes_mask() const override { return options.mask_zero; }
};

LAMINA_REGISTER_LAYER(Embedding, "keras");

} // namespace lamina::layers

#endif
