#ifndef LAMINA_LAYERS_APPLICATIONS_LAYER_SCALE_H
#define LAMINA_LAYERS_APPLICATIONS_LAYER_SCALE_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Scales each channel by a weight of its own, which starts at init_values.
///
///     y = gamma · x
///
/// x: […, projection_dim]. Keras: applications.convnext.LayerScale. Touvron et al., 2021.
class LayerScale : public Layer<LayerScale> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };

  LayerScale() : LayerScale(1.0, 1) {}
  LayerScale(double init_values, std::int64_t projection_dim) : LayerScale(init_values, projection_dim, Options()) {}
  LayerScale(double init_values, std::int64_t projection_dim, const Options &options)
      : init_values(init_values), projection_dim(projection_dim), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    if (projection_dim <= 0)
      throw Error("projection_dim must be positive, got " + std::to_string(projection_dim));
  }

  void build(const Shape &) {
    gamma = add_weight("gamma", {projection_dim}, {.initializer = initializers::constant(init_values)});
  }

  Value call(const Value &x, CallContext &) const { return to_dtype(x, dtype()) * gamma; }

  template <typename F> void fields(F &f) {
    f.required("init_values", init_values);
    f.required("projection_dim", projection_dim);
  }

  double init_values;
  std::int64_t projection_dim;
  Options options;
  Variable gamma;
};

LAMINA_REGISTER_LAYER(LayerScale, "keras.src.applications.convnext");

} // namespace lamina::layers

#endif
