#ifndef LAMINA_LAYERS_PREPROCESSING_MAX_NUM_BOUNDING_BOXES_H
#define LAMINA_LAYERS_PREPROCESSING_MAX_NUM_BOUNDING_BOXES_H

#include <lamina/layers/preprocessing/base_image.h>

namespace lamina::layers {

/// Limits the number of bounding boxes; images pass through. Keras: layers.MaxNumBoundingBoxes.
class MaxNumBoundingBoxes : public ImageLayer<MaxNumBoundingBoxes> {
public:
  struct Options {
    std::int64_t fill_value = -1;
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  MaxNumBoundingBoxes() : MaxNumBoundingBoxes(0) {}
  explicit MaxNumBoundingBoxes(std::int64_t max_number) : MaxNumBoundingBoxes(max_number, Options()) {}
  MaxNumBoundingBoxes(std::int64_t max_number, const Options &options) : max_number(max_number) {
    init(options.name, options.trainable, options.dtype);
    data_format = options.data_format;
  }

  Value transform(const Value &images, CallContext &) const { return images; }

  template <typename F> void fields(F &f) {
    f.required("max_number", max_number);
    image_fields(f);
  }

  std::int64_t max_number;
};

LAMINA_REGISTER_LAYER(MaxNumBoundingBoxes, "keras");

} // namespace lamina::layers

#endif
