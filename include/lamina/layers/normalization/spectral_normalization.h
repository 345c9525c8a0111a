#ifndef LAMINA_LAYERS_NORMALIZATION_SPECTRAL_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_SPECTRAL_NORMALIZATION_H

#include <lamina/layers/core/wrapper.h>

namespace lamina::layers {

/// Keeps the largest singular value σ of a layer's kernel, or of its embeddings, at 1.
///
///     v = u Wᵀ / |u Wᵀ|,  u = v W / |v W|      power_iterations times
///     W ← W / σ,  σ = v W uᵀ                   W: the kernel as a matrix of columns, the last axis
///
/// Shapes are the layer's. Both happen in training, before the layer is called; u (1, columns) is kept from call to
/// call, and no derivative goes through u and v. As in Keras with JAX, a training step starts from the kernel that was,
/// not from the normalized one. Integers in give integers out. Errors: a layer without kernel and embeddings, no
/// iterations. Miyato et al., 2018. Keras: layers.SpectralNormalization.
class SpectralNormalization : public Wrapper<SpectralNormalization> {
public:
  struct Options {
    std::int64_t power_iterations = 1;
    LAMINA_COMMON_OPTIONS;
  };

  SpectralNormalization() { supports_masking = true; }
  SpectralNormalization(const Inner &layer) : SpectralNormalization(layer, Options()) {}
  SpectralNormalization(const Inner &layer, const Options &options)
      : Wrapper(layer), power_iterations(options.power_iterations) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() {
    Wrapper::prepare();
    check_positive(power_iterations, "power_iterations");
  }

  void build(const std::vector<Shape> &inputs) {
    Wrapper::build(inputs);
    for (const std::vector<Variable> *list : {&layer->own_trainable(), &layer->own_non_trainable()})
      for (const Variable &variable : *list)
        if (variable.name() == "kernel" || variable.name() == "embeddings")
          kernel = variable;
    if (!kernel)
      throw Error("layer '" + layer->name() + "' has neither a kernel nor embeddings");
    share_weight(kernel, layer->trainable());
    vector_u = add_weight(
        "vector_u", {1, kernel.shape().back()},
        {.initializer = initializers::truncated_normal(0.0, 0.02), .trainable = false, .dtype = kernel.dtype()});
  }

  Value call(const Value &x, CallContext &context) const {
    if (context.training)
      normalize(context);
    return cast(InnerCall(x).only(*layer), x.dtype());
  }

  template <typename F> void fields(F &f) {
    Wrapper::fields(f);
    f("power_iterations", power_iterations);
  }

  std::int64_t power_iterations = 1;
  Variable kernel, vector_u;

private:
  void normalize(CallContext &context) const {
    Value w = as_value(context.graph(), kernel), before = as_value(context.graph(), vector_u);
    Value matrix = reshape(w, {-1, kernel.shape().back()}), u = before, v;
    for (std::int64_t i = 0; i < power_iterations; ++i) {
      v = unit_length(dot_general(u, matrix, {1}, {1}), {}, 1e-7);
      u = unit_length(matmul(v, matrix), {}, 1e-7);
    }
    u = stop_gradient(u);
    v = stop_gradient(v);
    // A kernel of zeros stays what it is.
    Value zero = all(equal(w, 0.0));
    Value sigma = where(zero, 1.0, sum(matmul(v, matrix) * u));
    context.update(vector_u, where(zero, before, u));
    context.update(kernel, w / sigma);
  }
};

LAMINA_REGISTER_LAYER(SpectralNormalization, "keras");

} // namespace lamina::layers

#endif
