#ifndef LAMINA_LAYERS_RESHAPING_UP_SAMPLING2D_H
#define LAMINA_LAYERS_RESHAPING_UP_SAMPLING2D_H

#include <lamina/layers/reshaping/base_up_sampling.h>

namespace lamina::layers {

/// Grows rows and columns size times, by repetition or interpolated with half-pixel centres.
///
/// interpolation: nearest, bilinear, bicubic, lanczos3 or lanczos5; all but the first two need known sizes. Keras:
/// layers.UpSampling2D.
class UpSampling2D : public UpSamplingBase<UpSampling2D, 2> {
public:
  struct Options {
    std::string data_format = "channels_last";
    std::string interpolation = "nearest";
    LAMINA_COMMON_OPTIONS;
  };
  UpSampling2D() : UpSampling2D(2) {}
  UpSampling2D(const Sizes &size) : UpSampling2D(size, Options()) {}
  UpSampling2D(const Sizes &size, const Options &options) : UpSamplingBase(size), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    size = size.expanded(2, "size");
    is_channels_first(options.data_format);
    const std::string &kind = options.interpolation;
    if (kind != "nearest" && kind != "bilinear" && kind != "bicubic" && kind != "lanczos3" && kind != "lanczos5")
      throw Error("interpolation must be nearest, bilinear, bicubic, lanczos3 or lanczos5, got '" + kind + "'");
  }

  Value call(const Value &x, CallContext &) const {
    return grow(x, is_channels_first(options.data_format), options.interpolation);
  }

  template <typename F> void fields(F &f) {
    f("size", size);
    f("data_format", options.data_format);
    f("interpolation", options.interpolation);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(UpSampling2D, "keras");

} // namespace lamina::layers

#endif
