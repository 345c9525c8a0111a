#ifndef LAMINA_LAYERS_NORMALIZATION_RMS_NORMALIZATION_H
#define LAMINA_LAYERS_NORMALIZATION_RMS_NORMALIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Scales each sample by the root of its mean square over an axis, or several.
///
///     y = scale · x / √(mean x² + epsilon)
///
/// The scale has the sizes of those axes and broadcasts against the last ones, as in Keras. Keras:
/// layers.RMSNormalization. Zhang and Sennrich, 2019.
class RMSNormalization : public Layer<RMSNormalization> {
public:
  struct Options {
    Axes axis = -1;
    double epsilon = 1e-6;
    LAMINA_COMMON_OPTIONS;
  };

  RMSNormalization() : RMSNormalization(Options()) {}
  explicit RMSNormalization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void build(const Shape &input) {
    Shape shape;
    for (std::int64_t axis : options.axis.resolve(static_cast<std::int64_t>(input.rank())))
      shape.push_back(input[axis]);
    scale = add_weight("scale", shape, {.initializer = "ones"});
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    std::vector<std::int64_t> axes = options.axis.resolve(x.rank());
    return x * rsqrt(mean(square(x), axes, true) + options.epsilon) * scale;
  }

  template <typename F> void fields(F &f) {
    f("axis", options.axis);
    f("epsilon", options.epsilon);
  }

  Options options;
  Variable scale;
};

LAMINA_REGISTER_LAYER(RMSNormalization, "keras");

} // namespace lamina::layers

#endif
