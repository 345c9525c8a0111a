#ifndef LAMINA_LAYERS_ACTIVATIONS_PRELU_H
#define LAMINA_LAYERS_ACTIVATIONS_PRELU_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// x where x > 0, α x elsewhere; α is learned, one for each element except along shared_axes. Keras: layers.PReLU.
class PReLU : public Layer<PReLU> {
public:
  struct Options {
    Initializer alpha_initializer = "zeros";
    Regularizer alpha_regularizer = {};
    Constraint alpha_constraint = {};
    std::optional<std::vector<std::int64_t>> shared_axes = {};
    LAMINA_COMMON_OPTIONS;
  };
  PReLU() : PReLU(Options()) {}
  explicit PReLU(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  void build(const Shape &input) {
    Shape shape = input.subshape(1, input.rank());
    if (options.shared_axes)
      for (std::int64_t axis : *options.shared_axes)
        shape[axis - 1] = 1;
    alpha = add_weight("alpha", shape,
                       {.initializer = options.alpha_initializer,
                        .regularizer = options.alpha_regularizer,
                        .constraint = options.alpha_constraint});
  }
  Value call(const Value &x, CallContext &) const { return relu(x) - alpha * relu(-x); }
  template <typename F> void fields(F &f) {
    f("alpha_initializer", options.alpha_initializer);
    f("alpha_regularizer", options.alpha_regularizer);
    f("alpha_constraint", options.alpha_constraint);
    f("shared_axes", options.shared_axes);
  }
  Options options;
  Variable alpha;
};

LAMINA_REGISTER_LAYER(PReLU, "keras");

} // namespace lamina::layers

#endif
