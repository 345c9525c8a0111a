#ifndef LAMINA_LAYERS_NORMALIZATION_BATCH_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_BATCH_NORMALIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Normalizes each channel, by the batch's mean and variance while training, by moving ones otherwise. A mask leaves
/// its elements out of the statistics.
///
///     y = gamma · (x - mean) / √(variance + epsilon) + beta
///     moving ← momentum · moving + (1 - momentum) · batch's
///
/// Keras: layers.BatchNormalization. Ioffe and Szegedy, 2015.
class BatchNormalization : public Layer<BatchNormalization> {
public:
  struct Options {
    std::int64_t axis = -1;
    double momentum = 0.99;
    double epsilon = 1e-3;
    bool center = true;
    bool scale = true;
    Initializer beta_initializer = "zeros";
    Initializer gamma_initializer = "ones";
    Initializer moving_mean_initializer = "zeros";
    Initializer moving_variance_initializer = "ones";
    Regularizer beta_regularizer = {};
    Regularizer gamma_regularizer = {};
    Constraint beta_constraint = {};
    Constraint gamma_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  BatchNormalization() : BatchNormalization(Options()) {}
  explicit BatchNormalization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() const {
    if (renorm || synchronized)
      throw Error("renorm and synchronized are not supported");
  }

  void build(const Shape &input) {
    std::int64_t size = input[resolve_axis(options.axis, static_cast<std::int64_t>(input.rank()))];
    if (options.scale)
      gamma = add_weight("gamma", {size},
                         {.initializer = options.gamma_initializer,
                          .regularizer = options.gamma_regularizer,
                          .constraint = options.gamma_constraint,
                          .autocast = false});
    if (options.center)
      beta = add_weight("beta", {size},
                        {.initializer = options.beta_initializer,
                         .regularizer = options.beta_regularizer,
                         .constraint = options.beta_constraint,
                         .autocast = false});
    moving_mean = add_weight("moving_mean", {size},
                             {.initializer = options.moving_mean_initializer, .trainable = false, .autocast = false});
    moving_variance =
        add_weight("moving_variance", {size},
                   {.initializer = options.moving_variance_initializer, .trainable = false, .autocast = false});
  }

  Value call(const Value &input, CallContext &context) const {
    Value x = to_dtype(input, dtype());
    std::int64_t axis = resolve_axis(options.axis, x.rank());
    std::vector<std::int64_t> others;
    for (std::int64_t i = 0; i < x.rank(); ++i)
      if (i != axis)
        others.push_back(i);
    auto aligned = [&](const Value &v) { return along_axes(v, {axis}, x); };
    Value old_mean = as_value(x.graph(), moving_mean), old_variance = as_value(x.graph(), moving_variance);
    Value mean = old_mean, variance = old_variance;
    if (context.training && trainable()) {
      if (Value mask = context.mask(); mask.defined()) {
        if (mask.rank() != x.rank() - 1)
          throw Error("the mask needs one dimension less than the input: " + mask.shape().str() + " for " +
                      x.shape().str());
        Value kept = expand_dims(cast(mask, DType::Bool), -1);
        Value count = sum(cast(broadcast_to(kept, dims_of(x)), x.dtype()), others, true) + 1e-7;
        Value m = sum(where(kept, x, 0.0), others, true) / count;
        Value v = sum(where(kept, square(x - m), 0.0), others, true) / count;
        mean = squeeze(m, others);
        variance = squeeze(v, others);
      } else {
        mean = lamina::mean(x, others);
        variance = lamina::mean(square(x - aligned(mean)), others);
      }
      double momentum = options.momentum;
      context.update(moving_mean, old_mean * momentum + mean * (1.0 - momentum));
      context.update(moving_variance, old_variance * momentum + variance * (1.0 - momentum));
    }
    Value factor = rsqrt(variance + options.epsilon);
    if (gamma)
      factor = factor * gamma;
    Value shift = -mean * factor;
    if (beta)
      shift = shift + beta;
    return x * aligned(factor) + aligned(shift);
  }

  template <typename F> void fields(F &f) {
    f("axis", options.axis);
    f("momentum", options.momentum);
    f("epsilon", options.epsilon);
    f("center", options.center);
    f("scale", options.scale);
    f("beta_initializer", options.beta_initializer);
    f("gamma_initializer", options.gamma_initializer);
    f("moving_mean_initializer", options.moving_mean_initializer);
    f("moving_variance_initializer", options.moving_variance_initializer);
    f("beta_regularizer", options.beta_regularizer);
    f("gamma_regularizer", options.gamma_regularizer);
    f("beta_constraint", options.beta_constraint);
    f("gamma_constraint", options.gamma_constraint);
    f("synchronized", synchronized);
    f("renorm", renorm);
    f("renorm_clipping", renorm_clipping);
    f("renorm_momentum", renorm_momentum);
  }

  Options options;
  Variable gamma, beta, moving_mean, moving_variance;

private:
  bool synchronized = false, renorm = false;
  Config renorm_clipping = nullptr;
  double renorm_momentum = 0.99;
};

LAMINA_REGISTER_LAYER(BatchNormalization, "keras");

} // namespace lamina::layers

#endif
