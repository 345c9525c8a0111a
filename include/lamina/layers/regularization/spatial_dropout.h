#ifndef LAMINA_LAYERS_REGULARIZATION_SPATIAL_DROPOUT_H
#define LAMINA_LAYERS_REGULARIZATION_SPATIAL_DROPOUT_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Dropout that drops whole channels. D is the layer's class, Spatial the number of spatial axes.
template <typename D, std::size_t Spatial> class SpatialDropoutBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  SpatialDropoutBase(double rate, const Options &options) : rate(rate), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->supports_masking = true;
  }
  void prepare() const {
    if (!(rate >= 0.0 && rate <= 1.0))
      throw Error("rate must lie in [0, 1], got " + Config(rate).str());
  }
  Value call(const Value &x, CallContext &context) const {
    check_rank(x.shape(), Spatial + 2);
    if (!context.training || rate == 0.0)
      return x;
    if (rate == 1.0)
      return zeros_like(x);
    bool first = is_channels_first(options.data_format);
    Dims dims = dims_of(x);
    for (std::size_t i = 0; i < Spatial; ++i)
      dims[i + (first ? 2 : 1)] = Dim(1);
    return drop_elements(x, dims, rate, context, options.seed);
  }
  template <typename F> void fields(F &f) {
    f.required("rate", rate);
    f("seed", options.seed);
    if constexpr (Spatial > 1)
      f("data_format", options.data_format);
  }
  double rate;
  Options options;
};

/// Keras: layers.SpatialDropout1D.
class SpatialDropout1D : public SpatialDropoutBase<SpatialDropout1D, 1> {
public:
  SpatialDropout1D() : SpatialDropout1D(0.5) {}
  explicit SpatialDropout1D(double rate, const Options &options = Options()) : SpatialDropoutBase(rate, options) {}
};

/// Keras: layers.SpatialDropout2D.
class SpatialDropout2D : public SpatialDropoutBase<SpatialDropout2D, 2> {
public:
  SpatialDropout2D() : SpatialDropout2D(0.5) {}
  explicit SpatialDropout2D(double rate, const Options &options = Options()) : SpatialDropoutBase(rate, options) {}
};

/// Keras: layers.SpatialDropout3D.
class SpatialDropout3D : public SpatialDropoutBase<SpatialDropout3D, 3> {
public:
  SpatialDropout3D() : SpatialDropout3D(0.5) {}
  explicit SpatialDropout3D(double rate, const Options &options = Options()) : SpatialDropoutBase(rate, options) {}
};

LAMINA_REGISTER_LAYER(SpatialDropout1D, "keras");
LAMINA_REGISTER_LAYER(SpatialDropout2D, "keras");
LAMINA_REGISTER_LAYER(SpatialDropout3D, "keras");

} // namespace lamina::layers

#endif
