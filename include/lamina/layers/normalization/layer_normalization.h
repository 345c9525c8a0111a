#ifndef LAMINA_LAYERS_NORMALIZATION_LAYER_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_LAYER_NORMALIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Normalizes each sample over an axis, or several.
///
///     y = gamma · (x - mean) / √(variance + epsilon) + beta
///
/// Keras: layers.LayerNormalization. Ba, Kiros and Hinton, 2016.
class LayerNormalization : public Layer<LayerNormalization> {
public:
  struct Options {
    Axes axis = -1;
    double epsilon = 1e-3;
    bool center = true;
    bool scale = true;
    Initializer beta_initializer = "zeros";
    Initializer gamma_initializer = "ones";
    Regularizer beta_regularizer = {};
    Regularizer gamma_regularizer = {};
    Constraint beta_constraint = {};
    Constraint gamma_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  LayerNormalization() : LayerNormalization(Options()) {}
  explicit LayerNormalization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void build(const Shape &input) {
    Shape shape;
    for (std::int64_t axis : options.axis.resolve(static_cast<std::int64_t>(input.rank())))
      shape.push_back(input[axis]);
    if (options.scale || rms_scaling)
      gamma = add_weight("gamma", shape,
                         {.initializer = options.gamma_initializer,
                          .regularizer = options.gamma_regularizer,
                          .constraint = options.gamma_constraint,
                          .autocast = false});
    if (options.center && !rms_scaling)
      beta = add_weight("beta", shape,
                        {.initializer = options.beta_initializer,
                         .regularizer = options.beta_regularizer,
                         .constraint = options.beta_constraint,
                         .autocast = false});
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    std::vector<std::int64_t> axes = options.axis.resolve(x.rank());
    auto aligned = [&](const Variable &weight) { return along_axes(as_value(x.graph(), weight), axes, x); };
    Value m = mean(x, axes, true);
    Value centred = x - m;
    Value v = mean(square(centred), axes, true);
    Value factor = rsqrt(v + options.epsilon);
    if (rms_scaling)
      return x * factor * aligned(gamma);
    Value y = centred * factor;
    if (gamma)
      y = y * aligned(gamma);
    if (beta)
      y = y + aligned(beta);
    return y;
  }

  template <typename F> void fields(F &f) {
    f("axis", options.axis);
    f("epsilon", options.epsilon);
    f("center", options.center);
    f("scale", options.scale);
    f("rms_scaling", rms_scaling);
    f("beta_initializer", options.beta_initializer);
    f("gamma_initializer", options.gamma_initializer);
    f("beta_regularizer", options.beta_regularizer);
    f("gamma_regularizer", options.gamma_regularizer);
    f("beta_constraint", options.beta_constraint);
    f("gamma_constraint", options.gamma_constraint);
  }

  Options options;
  Variable gamma, beta;

private:
  bool rms_scaling = false;
};

LAMINA_REGISTER_LAYER(LayerNormalization, "keras");

} // namespace lamina::layers

#endif
