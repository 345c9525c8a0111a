#ifndef LAMINA_LAYERS_RESHAPING_BASE_CROPPING_H
#define LAMINA_LAYERS_RESHAPING_BASE_CROPPING_H

#include <lamina/layers/reshaping/margins.h>

namespace lamina::layers {

/// What the croppings share.
template <typename D, std::size_t Spatial> class CroppingBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  CroppingBase(const Margins &cropping, const Options &options) : cropping(cropping), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    cropping.normalize(Spatial, "cropping");
    is_channels_first(options.data_format);
  }

  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), Spatial + 2);
    std::size_t first = is_channels_first(options.data_format) ? 2 : 1;
    std::vector<Margins::Pair> margins = cropping.pairs(Spatial, "cropping");
    std::vector<std::int64_t> starts(Spatial + 2, 0), limits(Spatial + 2, to_end);
    for (std::size_t i = 0; i < Spatial; ++i) {
      std::int64_t size = x.shape()[static_cast<std::int64_t>(first + i)];
      if (size != none && margins[i][0] + margins[i][1] >= size)
        throw Error("cropping leaves nothing of shape " + x.shape().str());
      starts[first + i] = margins[i][0];
      if (margins[i][1])
        limits[first + i] = -margins[i][1];
    }
    return slice(x, starts, limits);
  }

  template <typename F> void fields(F &f) {
    f("cropping", cropping);
    f("data_format", options.data_format);
  }

  Margins cropping;
  Options options;
};

} // namespace lamina::layers

#endif
