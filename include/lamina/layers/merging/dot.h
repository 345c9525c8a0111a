#ifndef LAMINA_LAYERS_MERGING_DOT_H
#define LAMINA_LAYERS_MERGING_DOT_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Products of two inputs, summed over an axis of each, row by row.
///
/// axes: one for both, or one each; not the batch. normalize scales both to length 1 along it, so that the result is a
/// cosine. Two inputs of (batch, features) give (batch, 1). Errors: other than two inputs, axes of different sizes.
/// Keras: layers.Dot.
class Dot : public Layer<Dot> {
public:
  struct Options {
    bool normalize = false;
    LAMINA_COMMON_OPTIONS;
  };
  Dot() : Dot(-1) {}
  explicit Dot(const Sizes &axes) : Dot(axes, Options()) {}
  Dot(const Sizes &axes, const Options &options) : axes(axes), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  Value call(const Values &inputs, CallContext &) const {
    if (inputs.size() != 2)
      throw Error("expects a list of two inputs, got " + std::to_string(inputs.size()));
    if (axes.empty() || axes.size() > 2)
      throw Error("axes must be one integer or two, got " + std::to_string(axes.size()));
    Values x(2);
    std::int64_t along[2];
    for (std::size_t i = 0; i < 2; ++i) {
      x[i] = to_dtype(inputs[i], dtype());
      along[i] = resolve_axis(axes[axes.size() == 2 ? i : 0], x[i].rank());
      if (along[i] == 0)
        throw Error("axes cannot have the batch, axis 0");
      if (options.normalize)
        x[i] = unit_length(x[i], along[i], 1e-7);
    }
    std::int64_t a = x[0].shape()[along[0]], b = x[1].shape()[along[1]];
    if (a != none && b != none && a != b)
      throw Error("axis " + std::to_string(along[0]) + " of shape " + x[0].shape().str() + " and axis " +
                  std::to_string(along[1]) + " of shape " + x[1].shape().str() + " differ in size");
    Value y = dot_general(x[0], x[1], {along[0]}, {along[1]}, {0}, {0});
    return y.rank() == 1 ? Value(expand_dims(y, -1)) : y;
  }

  template <typename F> void fields(F &f) {
    f("axes", axes);
    f("normalize", options.normalize);
  }

  Sizes axes;
  Options options;
};

LAMINA_REGISTER_LAYER(Dot, "keras");

} // namespace lamina::layers

#endif
