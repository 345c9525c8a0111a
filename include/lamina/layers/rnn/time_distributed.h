#ifndef LAMINA_LAYERS_RNN_TIME_DISTRIBUTED_H
#define LAMINA_LAYERS_RNN_TIME_DISTRIBUTED_H

#include <lamina/layers/core/wrapper.h>
#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// The wrapped layer on every step: y[:, t] = layer(x[:, t]). (batch, time, …) → (batch, time, …).
///
/// Steps are samples to the layer, all in one call; in training, a layer with weights that it does not train (moving
/// statistics) is called step by step, as in Keras. A mask (batch, time, …) reaches the layer as (batch, …). Errors:
/// fewer than 3 dimensions, a mask of other sizes. Keras: layers.TimeDistributed.
class TimeDistributed : public Wrapper<TimeDistributed> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };

  TimeDistributed() { supports_masking = true; }
  TimeDistributed(const Inner &layer) : TimeDistributed(layer, Options()) {}
  TimeDistributed(const Inner &layer, const Options &options) : Wrapper(layer) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void build(const Shape &input) {
    check(input);
    bool fixed = dynamic_cast<const Recurrent *>(layer.operator->()) && stateful();
    layer->ensure_built({Shape{fixed ? input[0] : none}.concat(input.subshape(2, input.rank()))});
  }

  Value call(const Value &x, CallContext &context) const {
    check(x.shape());
    Value mask = context.mask();
    if (mask.defined())
      check_mask(mask.shape(), x.shape());
    bool in_turn = stateful() || (context.training && !layer->non_trainable_weights().empty());
    if (!in_turn)
      return unfold(InnerCall(fold(x)).tensor("mask", mask.defined() ? fold(mask) : mask).only(*layer), x);
    std::int64_t steps = x.shape()[1];
    if (steps == none)
      throw Error("layer '" + layer->name() +
                  "' changes its variables from step to step, which needs a known number "
                  "of steps, got shape " +
                  x.shape().str());
    Values outputs;
    for (std::int64_t t = 0; t < steps; ++t)
      outputs.push_back(InnerCall(step(x, t)).tensor("mask", mask.defined() ? step(mask, t) : mask).only(*layer));
    return stack(outputs, 1);
  }

  /// Keras calls the layer's `call`, which knows nothing of it.
  bool regularizes_inner_activity() const override { return false; }

private:
  static void check(const Shape &shape) {
    if (shape.rank() < 3)
      throw Error("expects an input of at least 3 dimensions (batch, time, …), got shape " + shape.str());
  }

  static void check_mask(const Shape &mask, const Shape &input) {
    bool fits = mask.rank() >= 2;
    for (std::int64_t axis = 0; fits && axis < 2; ++axis)
      fits = mask[axis] == none || input[axis] == none || mask[axis] == input[axis];
    if (!fits)
      throw Error("mask of shape " + mask.str() + " does not fit an input of shape " + input.str() +
                  "; it must start with the input's batch and time");
  }

  bool stateful() const {
    auto *recurrent = dynamic_cast<const Recurrent *>(layer.operator->());
    return recurrent && recurrent->flags().stateful;
  }

  static Value step(const Value &x, std::int64_t t) { return squeeze(slice_axis(x, 1, t, t + 1), 1); }

  /// (batch, time, …) → (batch · time, …)
  static Value fold(const Value &x) {
    std::vector<std::int64_t> shape{-1};
    for (std::int64_t i = 2; i < x.rank(); ++i)
      shape.push_back(-2 - i);
    return reshape(x, shape);
  }

  static Value unfold(const Value &y, const Value &x) {
    Dims dims{Dim(x, 0), Dim(x, 1)};
    for (std::int64_t i = 1; i < y.rank(); ++i)
      dims.push_back(Dim(y, i));
    return reshape(y, dims);
  }
};

LAMINA_REGISTER_LAYER(TimeDistributed, "keras");

} // namespace lamina::layers

#endif
