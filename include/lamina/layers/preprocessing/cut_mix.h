#ifndef LAMINA_LAYERS_PREPROCESSING_CUT_MIX_H
#define LAMINA_LAYERS_PREPROCESSING_CUT_MIX_H

#include <lamina/layers/preprocessing/base_mixing.h>

namespace lamina::layers {

/// Pastes a random box of another image of the batch into each image while training. The box's share of the image is
/// beta distributed, its parameters drawn from factor. Keras: layers.CutMix. Yun and others, 2019.
class CutMix : public AugmentationLayer<CutMix> {
public:
  struct Options {
    Factor factor = 1.0;
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  CutMix() : CutMix(Options()) {}
  explicit CutMix(const Options &options) : factor(options.factor) { start(options); }

  void prepare() { factor = factor.resolved("factor", 0, 1); }

  Value transform(const Value &images, CallContext &context) const {
    auto [lower, upper] = factor.range("factor", 0, 1);
    Value alpha = uniform(images, context, {}, lower, upper) + 1e-6;
    Dims each{Dim(images, 0), Dim(1), Dim(1), Dim(1)};
    Value side = sqrt(1.0 - random_beta(images, context, each, alpha, seed));
    Box box = random_box(images, side, side, [&] { return draw(images, context); });
    return where(box.inside, take(images, random_order(images, context, seed)), images);
  }

  template <typename F> void fields(F &f) {
    f("factor", factor);
    f("seed", seed);
    image_fields(f);
  }

  Factor factor;
};

LAMINA_REGISTER_LAYER(CutMix, "keras");

} // namespace lamina::layers

#endif
