#ifndef LAMINA_LAYERS_PREPROCESSING_RESCALING_H
#define LAMINA_LAYERS_PREPROCESSING_RESCALING_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// x · scale + offset; lists go along the channels, the last axis. Keras: layers.Rescaling.
class Rescaling : public Layer<Rescaling> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  Rescaling() : Rescaling(1.0) {}
  explicit Rescaling(const Config &scale, const Config &offset = 0.0) : Rescaling(scale, offset, Options()) {}
  Rescaling(const Config &scale, const Config &offset, const Options &options) : scale(scale), offset(offset) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    return x * factor(x, scale, "scale") + factor(x, offset, "offset");
  }

  template <typename F> void fields(F &f) {
    f.required("scale", scale);
    f("offset", offset);
  }

  Config scale, offset;

private:
  Value factor(const Value &x, const Config &config, const char *what) const {
    if (!config.is_list())
      return constant(x.graph(), config.as_double(), x.dtype());
    if (static_cast<std::int64_t>(config.size()) != x.shape().back())
      throw Error(std::string(what) + " has " + std::to_string(config.size()) +
                  " entries, which do not fit the last axis of shape " + x.shape().str());
    Tensor values({static_cast<std::int64_t>(config.size())}, DType::Float64);
    for (std::size_t i = 0; i < config.size(); ++i)
      values.values<double>()[i] = config.at(i).as_double();
    return to_dtype(constant(x.graph(), values), x.dtype());
  }
};

LAMINA_REGISTER_LAYER(Rescaling, "keras");

} // namespace lamina::layers

#endif
