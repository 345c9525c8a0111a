#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_POLICY_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_POLICY_H

#include <functional>

#include <lamina/layers/preprocessing/auto_contrast.h>
#include <lamina/layers/preprocessing/base_mixing.h>
#include <lamina/layers/preprocessing/equalization.h>
#include <lamina/layers/preprocessing/random_brightness.h>
#include <lamina/layers/preprocessing/random_color_degeneration.h>
#include <lamina/layers/preprocessing/random_contrast.h>
#include <lamina/layers/preprocessing/random_posterization.h>
#include <lamina/layers/preprocessing/random_rotation.h>
#include <lamina/layers/preprocessing/random_sharpness.h>
#include <lamina/layers/preprocessing/random_shear.h>
#include <lamina/layers/preprocessing/random_translation.h>
#include <lamina/layers/preprocessing/solarization.h>

namespace lamina::layers {

using Augmentation = std::function<Value(const Value &images, CallContext &context)>;

struct PolicySettings {
  Factor factor;
  std::vector<double> value_range;
  std::string interpolation;
  std::optional<std::int64_t> seed;
  std::string name;
};

/// The first of `augmentations`, without those of colour.
inline constexpr std::size_t geometric_augmentations = 7;

/// What policies choose from, all of one strength.
inline std::vector<Augmentation> augmentations(const PolicySettings &s) {
  std::vector<Augmentation> result;
  auto add = [&](auto layer) {
    layer.prepare();
    result.push_back([layer](const Value &images, CallContext &context) { return layer.transform(images, context); });
  };
  auto bits = std::max<std::int64_t>(1, static_cast<std::int64_t>(8 * s.factor.range("factor", 0, 1).second));
  add(RandomShear(
      {.x_factor = s.factor, .y_factor = s.factor, .interpolation = s.interpolation, .seed = s.seed, .name = s.name}));
  add(RandomTranslation(s.factor, s.factor, {.interpolation = s.interpolation, .seed = s.seed, .name = s.name}));
  add(RandomRotation(s.factor, {.interpolation = s.interpolation, .seed = s.seed, .name = s.name}));
  add(RandomPosterization(static_cast<int>(bits), {.value_range = s.value_range, .seed = s.seed, .name = s.name}));
  add(Solarization({.addition_factor = s.factor,
                    .threshold_factor = s.factor,
                    .value_range = s.value_range,
                    .seed = s.seed,
                    .name = s.name}));
  add(AutoContrast({.value_range = s.value_range, .name = s.name}));
  add(Equalization({.value_range = s.value_range, .name = s.name}));
  add(RandomBrightness(s.factor, {.value_range = s.value_range, .seed = s.seed, .name = s.name}));
  add(RandomColorDegeneration(s.factor, {.value_range = s.value_range, .seed = s.seed, .name = s.name}));
  add(RandomContrast(s.factor, {.value_range = s.value_range, .seed = s.seed, .name = s.name}));
  add(RandomSharpness(s.factor, {.value_range = s.value_range, .seed = s.seed, .name = s.name}));
  return result;
}

} // namespace lamina::layers

#endif
