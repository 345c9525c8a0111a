#ifndef LAMINA_LAYERS_RESHAPING_UP_SAMPLING3D_H
#define LAMINA_LAYERS_RESHAPING_UP_SAMPLING3D_H

#include <lamina/layers/reshaping/base_up_sampling.h>

namespace lamina::layers {

/// Repeats planes, rows and columns size times. Keras: layers.UpSampling3D.
class UpSampling3D : public UpSamplingBase<UpSampling3D, 3> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };
  UpSampling3D() : UpSampling3D(2) {}
  UpSampling3D(const Sizes &size) : UpSampling3D(size, Options()) {}
  UpSampling3D(const Sizes &size, const Options &options) : UpSamplingBase(size), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    size = size.expanded(3, "size");
    is_channels_first(options.data_format);
  }

  Value call(const Value &x, CallContext &) const { return grow(x, is_channels_first(options.data_format), "nearest"); }

  template <typename F> void fields(F &f) {
    f("size", size);
    f("data_format", options.data_format);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(UpSampling3D, "keras");

} // namespace lamina::layers

#endif
