#ifndef LAMINA_LAYERS_CORE_DENSE_H
#define LAMINA_LAYERS_CORE_DENSE_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Matrix product with a kernel, bias, activation.
///
///     y = activation(x · kernel + bias)
///
/// (…, n) → (…, units). Errors: units not positive; a last axis of unknown size.
/// Keras: layers.Dense.
class Dense : public Layer<Dense> {
public:
  struct Options {
    ActivationFunction activation = {};
    bool use_bias = true;
    Initializer kernel_initializer = "glorot_uniform";
    Initializer bias_initializer = "zeros";
    Regularizer kernel_regularizer = {};
    Regularizer bias_regularizer = {};
    Regularizer activity_regularizer = {};
    Constraint kernel_constraint = {};
    Constraint bias_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  Dense() : Dense(1) {}
  explicit Dense(std::int64_t units) : Dense(units, Options()) {}
  Dense(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
    supports_masking = true;
  }

  void prepare() const { check_positive(units, "units"); }

  void build(const Shape &input) {
    if (input.empty())
      throw Error("expects an input of at least one dimension, got a scalar");
    kernel = add_weight("kernel", {input.back(), units}, kernel_options(options));
    if (options.use_bias)
      bias = add_weight("bias", {units}, bias_options(options));
  }

  Value call(const Value &x, CallContext &) const {
    Value y = dot(to_dtype(x, dtype()), kernel);
    if (bias)
      y = y + bias;
    return options.activation(y);
  }

  template <typename F> void fields(F &f) {
    f.required("units", units);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    kernel_and_bias_fields(f, options);
  }

  std::int64_t units;
  Options options;
  Variable kernel, bias;
};

LAMINA_REGISTER_LAYER(Dense, "keras");

} // namespace lamina::layers

#endif
