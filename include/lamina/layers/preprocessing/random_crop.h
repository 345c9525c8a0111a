#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_CROP_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_CROP_H

#include <lamina/layers/preprocessing/base_augmentation.h>

namespace lamina::layers {

/// Cuts one random box out of all images of a batch while training: [N, H, W, C] → [N, height, width, C]. Images that
/// are too small lose what does not fit the box's ratio, and are enlarged. Keras: layers.RandomCrop.
class RandomCrop : public AugmentationLayer<RandomCrop> {
public:
  struct Options {
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomCrop() : RandomCrop(0, 0) {}
  RandomCrop(std::int64_t height, std::int64_t width) : RandomCrop(height, width, Options()) {}
  RandomCrop(std::int64_t height, std::int64_t width, const Options &options) : height(height), width(width) {
    start(options);
  }

  void prepare() const {
    check_positive(height, "height");
    check_positive(width, "width");
  }

  Value transform(const Value &images, CallContext &context) const {
    auto [rows, columns] = image_size(images);
    if (rows > height && columns > width) {
      auto indices = [&](std::int64_t size, std::int64_t most) {
        Value start = floor(uniform(images, context, {}, 0.0, static_cast<double>(most + 1)));
        return iota(images.graph(), {Dim(size)}, 0) + cast(start, DType::Int32);
      };
      return take_along(take_along(images, 1, indices(height, rows - height)), 2, indices(width, columns - width));
    }
    auto start = [](std::int64_t size, std::int64_t other, std::int64_t wanted, std::int64_t other_wanted) {
      std::int64_t kept =
          static_cast<std::int64_t>(static_cast<double>(other * wanted) / static_cast<double>(other_wanted));
      return (size - std::max<std::int64_t>(std::min(size, kept), 1)) / 2;
    };
    std::int64_t top = start(rows, columns, height, width), left = start(columns, rows, width, height);
    return resize(crop(images, top, std::min(height, rows - top), left, std::min(width, columns - left)), height, width,
                  "bilinear");
  }

  template <typename F> void fields(F &f) {
    f.required("height", height);
    f.required("width", width);
    f("seed", seed);
    image_fields(f);
  }

  std::int64_t height, width;
};

LAMINA_REGISTER_LAYER(RandomCrop, "keras");

} // namespace lamina::layers

#endif
