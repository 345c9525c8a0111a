#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_COLOR_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_COLOR_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// 0.2989 red + 0.587 green + 0.114 blue, [N, H, W, 1]; grey images are themselves.
/// Errors: neither 1 nor 3 channels.
inline Value to_grayscale(const Value &images) {
  std::int64_t channels = images.shape()[3];
  if (channels == 1)
    return images;
  if (channels != 3)
    throw Error("needs images of 1 or 3 channels, got shape " + images.shape().str());
  return 0.2989 * channel(images, 0) + 0.587 * channel(images, 1) + 0.114 * channel(images, 2);
}

struct Hsv {
  Value hue, saturation, value;
};

/// Hue in [0, 1), saturation and value of red, green and blue. Errors: other than 3 channels.
inline Hsv rgb_to_hsv(const Value &images) {
  if (images.shape()[3] != 3)
    throw Error("needs images of 3 channels, got shape " + images.shape().str());
  double epsilon = images.dtype() == DType::Float64 ? 2.220446049250313e-16 : 1.1920928955078125e-07;
  Value x = where(less(abs(images), epsilon), 0.0, images);
  Value r = channel(x, 0), g = channel(x, 1), b = channel(x, 2);
  Value value = maximum(maximum(r, g), b), range = value - minimum(minimum(r, g), b);
  Value some = greater(range, 0.0), lit = greater(value, 0.0);
  Value saturation = where(lit, range / where(lit, value, 1.0), 0.0);
  Value norm = 1.0 / (6.0 * where(some, range, 1.0));
  Value hue = where(equal(value, r), norm * (g - b),
                    where(equal(value, g), norm * (b - r) + 2.0 / 6.0, norm * (r - g) + 4.0 / 6.0));
  hue = where(some, hue, 0.0) + cast(less(hue, 0.0), images.dtype());
  return {hue, saturation, value};
}

inline Value hsv_to_rgb(const Hsv &x) {
  Value h = (x.hue - floor(x.hue)) * 6.0;
  auto part = [&](const Value &strength) {
    return x.value * ((1.0 - x.saturation) + x.saturation * clip(strength, 0.0, 1.0));
  };
  return concatenate({part(abs(h - 3.0) - 1.0), part(2.0 - abs(h - 2.0)), part(2.0 - abs(h - 4.0))}, 3);
}

} // namespace lamina::layers

#endif
