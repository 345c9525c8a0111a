#ifndef LAMINA_LAYERS_PREPROCESSING_RAND_AUGMENT_H
#define LAMINA_LAYERS_PREPROCESSING_RAND_AUGMENT_H

#include <lamina/layers/preprocessing/base_policy.h>

namespace lamina::layers {

/// Runs num_ops random augmentations, one after the other, on a batch while training. Keras: layers.RandAugment.
/// Cubuk and others, 2019.
class RandAugment : public AugmentationLayer<RandAugment> {
public:
  struct Options {
    std::vector<double> value_range = {0, 255};
    std::int64_t num_ops = 2;
    Factor factor = 0.5;
    std::string interpolation = "bilinear"; ///< or nearest
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandAugment() : RandAugment(Options()) {}
  explicit RandAugment(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.value_range = ordered_range(options.value_range);
    if (options.num_ops < 0)
      throw Error("num_ops must not be negative, got " + std::to_string(options.num_ops));
    augmentations(options, seed, name());
  }

  Value transform(const Value &images, CallContext &context) const {
    std::vector<Augmentation> choices = augmentations(options, seed, name());
    Value x = images;
    for (std::int64_t op = 0; op < options.num_ops; ++op) {
      Value choice = floor(uniform(images, context, {}, 0.0, static_cast<double>(choices.size())));
      Value before = x;
      for (std::size_t i = 0; i < choices.size(); ++i)
        x = where(equal(choice, static_cast<double>(i)), choices[i](before, context), x);
    }
    return x;
  }

  template <typename F> void fields(F &f) {
    f("value_range", options.value_range);
    f("num_ops", options.num_ops);
    f("factor", options.factor);
    f("interpolation", options.interpolation);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(RandAugment, "keras");

} // namespace lamina::layers

#endif
