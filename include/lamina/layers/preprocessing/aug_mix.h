#ifndef LAMINA_LAYERS_PREPROCESSING_AUG_MIX_H
#define LAMINA_LAYERS_PREPROCESSING_AUG_MIX_H

#include <random>

#include <lamina/layers/preprocessing/base_policy.h>

namespace lamina::layers {

/// Mixes images with the ends of several chains of random augmentations while training. Which augmentations a chain has
/// is drawn when the layer is compiled, as in Keras. Keras: layers.AugMix. Hendrycks and others, 2019.
class AugMix : public AugmentationLayer<AugMix> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::int64_t num_chains = 3;
    std::int64_t chain_depth = 3;
    Factor factor = 0.3;
    double alpha = 1.0;
    bool all_ops = true;                    ///< also those of colour
    std::string interpolation = "bilinear"; ///< or nearest
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  AugMix() : AugMix(Options()) {}
  explicit AugMix(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
    check_positive(options.num_chains, "num_chains");
    check_positive(options.chain_depth, "chain_depth");
    if (!(options.alpha > 0))
      throw Error("alpha must be positive, got " + Config(options.alpha).str());
    augmentations(options, seed, name());
  }

  Value transform(const Value &images, CallContext &context) const {
    std::vector<Augmentation> choices = augmentations(options, seed, name(), options.all_ops);
    Value alpha = detail::number(images, options.alpha);
    // The mixing weights are Dirichlet distributed: gamma distributed numbers by their sum.
    Value weights = softmax(random_log_gamma(images, context, {Dim(options.num_chains)}, alpha, seed));
    std::mt19937 engine(static_cast<std::uint32_t>(context.stream(seed)));
    std::uniform_int_distribution<std::size_t> choose(0, choices.size());
    Value mixed;
    for (std::int64_t chain = 0; chain < options.num_chains; ++chain) {
      Value x = images;
      for (std::int64_t depth = 0; depth < options.chain_depth; ++depth)
        if (std::size_t choice = choose(engine); choice < choices.size())
          x = choices[choice](x, context);
      x = x * slice_axis(weights, 0, chain, chain + 1);
      mixed = mixed ? Value(mixed + x) : x;
    }
    Value kept = random_beta(images, context, {}, alpha, seed);
    return clip_to(kept * images + (1.0 - kept) * mixed, options.value_range);
  }

  template <typename F> void fields(F &f) {
    f("value_range", options.value_range);
    f("num_chains", options.num_chains);
    f("chain_depth", options.chain_depth);
    f("factor", options.factor);
    f("alpha", options.alpha);
    f("all_ops", options.all_ops);
    f("interpolation", options.interpolation);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(AugMix, "keras");

} // namespace lamina::layers

#endif
