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

/// What policies choose from, all of one strength; those of colour are the last.
template <typename Options> std::vector<Augmentation> augmentations(const Options &s, std::optional<std::int64_t> seed,
                                                                    const std::string &name, bool colours = true) {
  std::vector<Augmentation> result;
  auto add = [&](auto layer) {
    layer.prepare();
    result.push_back([layer](const Value &images, CallContext &context) { return layer.transform(images, context); });
  };
  auto bits = std::max<std::int64_t>(1, static_cast<std::int64_t>(8 * s.factor.range("factor", 0, 1).second));
  add(RandomShear(
      {.x_factor = s.factor, .y_factor = s.factor, .interpolation = s.interpolation, .seed = seed, .name = name}));
  add(RandomTranslation(s.factor, s.factor, {.interpolation = s.interpolation, .seed = seed, .name = name}));
  add(RandomRotation(s.factor, {.interpolation = s.interpolation, .seed = seed, .name = name}));
  add(RandomPosterization(static_cast<int>(bits), {.value_range = s.value_range, .seed = seed, .name = name}));
  add(Solarization({.addition_factor = s.factor,
                    .threshold_factor = s.factor,
                    .value_range = s.value_range,
                    .seed = seed,
                    .name = name}));
  add(AutoContrast({.value_range = s.value_range, .name = name}));
  add(Equalization({.value_range = s.value_range, .name = name}));
  if (!colours)
    return result;
  add(RandomBrightness(s.factor, {.value_range = s.value_range, .seed = seed, .name = name}));
  add(RandomColorDegeneration(s.factor, {.value_range = s.value_range, .seed = seed, .name = name}));
  add(RandomContrast(s.factor, {.value_range = s.value_range, .seed = seed, .name = name}));
  add(RandomSharpness(s.factor, {.value_range = s.value_range, .seed = seed, .name = name}));
  return result;
}

} // namespace lamina::layers

#endif
