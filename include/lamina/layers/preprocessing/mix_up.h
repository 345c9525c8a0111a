#ifndef LAMINA_LAYERS_PREPROCESSING_MIX_UP_H
#define LAMINA_LAYERS_PREPROCESSING_MIX_UP_H

#include <lamina/layers/preprocessing/base_mixing.h>

namespace lamina::layers {

/// Mixes each image with another of its batch while training, by a weight from the beta distribution of alpha and
/// alpha. Keras: layers.MixUp. Zhang and others, 2017.
class MixUp : public AugmentationLayer<MixUp> {
public:
  struct Options {
    double alpha = 0.2;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  MixUp() : MixUp(Options()) {}
  explicit MixUp(double alpha) : MixUp(Options{.alpha = alpha}) {}
  explicit MixUp(const Options &options) : alpha(options.alpha) { start(options); }

  void prepare() const {
    if (!(alpha > 0))
      throw Error("alpha must be positive, got " + Config(alpha).str());
  }

  Value transform(const Value &images, CallContext &context) const {
    Dims each{Dim(images, 0), Dim(1), Dim(1), Dim(1)};
    Value weight = random_beta(images, context, each, detail::number(images, alpha), seed);
    return weight * images + (1.0 - weight) * take(images, random_order(images, context, seed));
  }

  template <typename F> void fields(F &f) {
    f("alpha", alpha);
    f("seed", seed);
    image_fields(f);
  }

  double alpha;
};

LAMINA_REGISTER_LAYER(MixUp, "keras");

} // namespace lamina::layers

#endif
