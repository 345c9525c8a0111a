#ifndef LAMINA_LAYERS_CORE_BASE_EMBEDDING_H
#define LAMINA_LAYERS_CORE_BASE_EMBEDDING_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// What the layers of embeddings share: the table, and how rows are found in it. D derives from BaseEmbedding<D>.
template <typename D> class BaseEmbedding : public Layer<D> {
public:
  struct Arguments {
    Initializer embeddings_initializer = "uniform";
    Regularizer embeddings_regularizer = {};
    Constraint embeddings_constraint = {};
    bool mask_zero = false;
  };

  BaseEmbedding(std::int64_t input_dim, std::int64_t output_dim, const Arguments &arguments)
      : input_dim(input_dim), output_dim(output_dim), arguments(arguments) {}

  void prepare() const {
    check_positive(input_dim, "input_dim");
    check_positive(output_dim, "output_dim");
  }

  void build(const Shape &) {
    embeddings = this->add_weight("embeddings", {input_dim, output_dim},
                                  {.initializer = arguments.embeddings_initializer,
                                   .regularizer = arguments.embeddings_regularizer,
                                   .constraint = arguments.embeddings_constraint});
  }

  template <typename F> void fields(F &f) {
    f.required("input_dim", input_dim);
    f.required("output_dim", output_dim);
    f("embeddings_initializer", arguments.embeddings_initializer);
    f("embeddings_regularizer", arguments.embeddings_regularizer);
    f("embeddings_constraint", arguments.embeddings_constraint);
    f("mask_zero", arguments.mask_zero);
  }

  std::int64_t input_dim, output_dim;
  Arguments arguments;
  Variable embeddings;

protected:
  Value look_up(const Value &x) const {
    Value indices = is_integer(x.dtype()) ? x : Value(cast(x, DType::Int32));
    // As jax's indexing: a negative index counts from the end.
    indices = where(indices < 0, indices + input_dim, indices);
    return take(as_value(x.graph(), embeddings), indices);
  }

  /// No value where nothing is masked.
  Value mask_of(const Value &x) const { return arguments.mask_zero ? Value(not_equal(x, 0)) : Value(); }
};

} // namespace lamina::layers

#endif
