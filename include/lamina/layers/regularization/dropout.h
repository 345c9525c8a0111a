#ifndef LAMINA_LAYERS_REGULARIZATION_DROPOUT_H
#define LAMINA_LAYERS_REGULARIZATION_DROPOUT_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Sets elements to 0 with probability rate while training and scales the others by 1/(1 - rate).
///
/// Along axes of size 1 in noise_shape the choice is shared; null stands for the input's size. Keras: layers.Dropout.
class Dropout : public Layer<Dropout> {
public:
  struct Options {
    std::optional<std::vector<std::optional<std::int64_t>>> noise_shape = {};
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  Dropout() : Dropout(0.5) {}
  explicit Dropout(double rate) : Dropout(rate, Options()) {}
  Dropout(double rate, const Options &options) : rate(rate), options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }
  void prepare() const {
    if (!(rate >= 0.0 && rate <= 1.0))
      throw Error("rate must lie in [0, 1], got " + Config(rate).str());
  }
  Value call(const Value &x, CallContext &context) const {
    if (!context.training || rate == 0.0)
      return x;
    if (rate == 1.0)
      return zeros_like(x);
    Dims dims = dims_of(x);
    if (options.noise_shape) {
      if (options.noise_shape->size() != dims.size())
        throw Error("noise_shape has " + std::to_string(options.noise_shape->size()) +
                    " entries, the input has shape " + x.shape().str());
      for (std::size_t i = 0; i < dims.size(); ++i)
        if ((*options.noise_shape)[i])
          dims[i] = Dim(*(*options.noise_shape)[i]);
    }
    return drop_elements(x, dims, rate, context, options.seed);
  }
  template <typename F> void fields(F &f) {
    f.required("rate", rate);
    f("seed", options.seed);
    f("noise_shape", options.noise_shape);
  }
  double rate;
  Options options;
};

LAMINA_REGISTER_LAYER(Dropout, "keras");

} // namespace lamina::layers

#endif
