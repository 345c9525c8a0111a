#ifndef LAMINA_LAYERS_PREPROCESSING_CENTER_CROP_H
#define LAMINA_LAYERS_PREPROCESSING_CENTER_CROP_H

#include <lamina/layers/preprocessing/base_image.h>

namespace lamina::layers {

/// The middle of images, [N, H, W, C] → [N, height, width, C]; of images that are too small, the largest box of that
/// ratio, enlarged. Errors: an open height or width. Keras: layers.CenterCrop.
class CenterCrop : public ImageLayer<CenterCrop> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };
  static constexpr bool augments = false;

  CenterCrop() : CenterCrop(0, 0) {}
  CenterCrop(std::int64_t height, std::int64_t width) : CenterCrop(height, width, Options()) {}
  CenterCrop(std::int64_t height, std::int64_t width, const Options &options) : height(height), width(width) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  void prepare() const {
    check_positive(height, "height");
    check_positive(width, "width");
  }

  Value transform(const Value &images, CallContext &) const {
    auto [rows, columns] = image_size(images);
    if (rows >= height && columns >= width)
      return crop(images, (rows - height) / 2, height, (columns - width) / 2, width);
    return resize(crop_to_ratio(images, height, width), height, width, "bilinear");
  }

  template <typename F> void fields(F &f) {
    f.required("height", height);
    f.required("width", width);
    image_fields(f);
  }

  std::int64_t height, width;
};

LAMINA_REGISTER_LAYER(CenterCrop, "keras");

} // namespace lamina::layers

#endif
