#ifndef LAMINA_LAYERS_NORMALIZATION_GROUP_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_GROUP_NORMALIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Normalizes each sample over its axes, the channels in groups.
///
///     y = gamma · (x - mean) / √(variance + epsilon) + beta
///
/// groups: how many; -1 is one for each channel. Errors: groups that do not divide the channels.
/// Keras: layers.GroupNormalization. Wu and He, 2018.
class GroupNormalization : public Layer<GroupNormalization> {
public:
  struct Options {
    std::int64_t axis = -1;
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

  GroupNormalization() : GroupNormalization(32) {}
  explicit GroupNormalization(std::int64_t groups) : GroupNormalization(groups, Options()) {}
  GroupNormalization(std::int64_t groups, const Options &options) : groups(groups), options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() const {
    if (groups != -1)
      check_positive(groups, "groups");
  }

  void build(const Shape &input) {
    std::int64_t channels = input[resolve_axis(options.axis, static_cast<std::int64_t>(input.rank()))];
    if (channels == none)
      throw Error("the number of channels must be known, got shape " + input.str());
    if (groups == -1)
      groups = channels;
    if (channels % groups)
      throw Error("groups (" + std::to_string(groups) + ") must divide the " + std::to_string(channels) +
                  " channels of shape " + input.str());
    if (options.scale)
      gamma = add_weight("gamma", {channels},
                         {.initializer = options.gamma_initializer,
                          .regularizer = options.gamma_regularizer,
                          .constraint = options.gamma_constraint,
                          .autocast = false});
    if (options.center)
      beta = add_weight("beta", {channels},
                        {.initializer = options.beta_initializer,
                         .regularizer = options.beta_regularizer,
                         .constraint = options.beta_constraint,
                         .autocast = false});
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    std::int64_t axis = resolve_axis(options.axis, x.rank());
    Value centred = x - group_mean(x, axis);
    Value scale = rsqrt(group_mean(square(centred), axis) + options.epsilon);
    std::vector<std::int64_t> aligned(static_cast<std::size_t>(x.rank()), 1);
    aligned[static_cast<std::size_t>(axis)] = x.shape()[axis];
    if (gamma)
      scale = scale * reshape(as_value(x.graph(), gamma), aligned);
    Value y = centred * scale;
    return beta ? Value(y + reshape(as_value(x.graph(), beta), aligned)) : y;
  }

  template <typename F> void fields(F &f) {
    f("groups", groups);
    f("axis", options.axis);
    f("epsilon", options.epsilon);
    f("center", options.center);
    f("scale", options.scale);
    f("beta_initializer", options.beta_initializer);
    f("gamma_initializer", options.gamma_initializer);
    f("beta_regularizer", options.beta_regularizer);
    f("gamma_regularizer", options.gamma_regularizer);
    f("beta_constraint", options.beta_constraint);
    f("gamma_constraint", options.gamma_constraint);
  }

  std::int64_t groups;
  Options options;
  Variable gamma, beta;

private:
  /// Each channel's mean over its group, as (batch, 1, ..., channels, ..., 1). Channels come first, by themselves: a
  /// vector of channels is wider than a group.
  Value group_mean(const Value &x, std::int64_t axis) const {
    std::vector<std::int64_t> others;
    for (std::int64_t i = 1; i < x.rank(); ++i)
      if (i != axis)
        others.push_back(i);
    Value channels = others.empty() ? x : Value(mean(x, others, true));
    Dims whole = dims_of(channels), grouped = whole;
    grouped[static_cast<std::size_t>(axis)] = Dim(x.shape()[axis] / groups);
    grouped.insert(grouped.begin() + axis, Dim(groups));
    Value means = mean(reshape(channels, grouped), axis + 1, true);
    return reshape(broadcast_to(means, grouped), whole);
  }
};

LAMINA_REGISTER_LAYER(GroupNormalization, "keras");

} // namespace lamina::layers

#endif
