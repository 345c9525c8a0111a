#ifndef LAMINA_LAYERS_PREPROCESSING_RESIZING_H
#define LAMINA_LAYERS_PREPROCESSING_RESIZING_H

#include <lamina/layers/preprocessing/base_image.h>

namespace lamina::layers {

/// Images of another size: [N, H, W, C] → [N, height, width, C], integers rounded.
/// crop_to_aspect_ratio, pad_to_aspect_ratio: cut off or fill up what does not fit instead of distorting.
/// Errors: an unknown interpolation, both ratios asked for, an open height or width. Keras: layers.Resizing.
class Resizing : public ImageLayer<Resizing> {
public:
  struct Options {
    std::string interpolation = "bilinear"; ///< nearest, bilinear, bicubic, lanczos3 or lanczos5
    bool crop_to_aspect_ratio = false;
    bool pad_to_aspect_ratio = false;
    std::string fill_mode = "constant";
    double fill_value = 0.0;
    bool antialias = false;
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };
  static constexpr bool augments = false;
  static constexpr bool keeps_dtype = true;

  Resizing() : Resizing(0, 0) {}
  Resizing(std::int64_t height, std::int64_t width) : Resizing(height, width, Options()) {}
  Resizing(std::int64_t height, std::int64_t width, const Options &options)
      : height(height), width(width), options(options) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  void prepare() const {
    check_positive(height, "height");
    check_positive(width, "width");
    constexpr std::string_view known[] = {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"};
    if (std::ranges::find(known, options.interpolation) == std::end(known))
      throw Error("interpolation must be nearest, bilinear, bicubic, lanczos3 or lanczos5, got '" +
                  options.interpolation + "'");
    if (options.fill_mode != "constant")
      throw Error("fill_mode must be constant, got '" + options.fill_mode + "'");
    if (options.crop_to_aspect_ratio && options.pad_to_aspect_ratio)
      throw Error("only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be true");
  }

  Value transform(const Value &input, CallContext &) const {
    bool integer = !is_floating(input.dtype());
    Value images = integer && options.interpolation != "nearest" ? Value(cast(input, DType::Float32)) : input;
    if (options.crop_to_aspect_ratio)
      images = crop_to_ratio(images, height, width);
    if (options.pad_to_aspect_ratio)
      images = pad_to_ratio(images, height, width, options.fill_value);
    images = resize(images, height, width, options.interpolation, options.antialias);
    return images.dtype() == input.dtype() ? images : Value(cast(round(images), input.dtype()));
  }

  template <typename F> void fields(F &f) {
    f.required("height", height);
    f.required("width", width);
    f("interpolation", options.interpolation);
    f("crop_to_aspect_ratio", options.crop_to_aspect_ratio);
    f("pad_to_aspect_ratio", options.pad_to_aspect_ratio);
    f("fill_mode", options.fill_mode);
    f("fill_value", options.fill_value);
    f("antialias", options.antialias);
    image_fields(f);
  }

  std::int64_t height, width;
  Options options;
};

LAMINA_REGISTER_LAYER(Resizing, "keras");

} // namespace lamina::layers

#endif
