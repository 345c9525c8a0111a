#ifndef LAMINA_LAYERS_RESHAPING_BASE_ZERO_PADDING_H
#define LAMINA_LAYERS_RESHAPING_BASE_ZERO_PADDING_H

#include <lamina/layers/reshaping/margins.h>

namespace lamina::layers {

/// What the paddings with zeros share.
template <typename D, std::size_t Spatial> class ZeroPaddingBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  ZeroPaddingBase(const Margins &padding, const Options &options) : padding(padding), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    padding.normalize(Spatial, "padding");
    is_channels_first(options.data_format);
  }

  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), Spatial + 2);
    std::size_t first = is_channels_first(options.data_format) ? 2 : 1;
    std::vector<Margins::Pair> margins = padding.pairs(Spatial, "padding");
    std::vector<std::int64_t> low(Spatial + 2, 0), high(Spatial + 2, 0);
    for (std::size_t i = 0; i < Spatial; ++i) {
      low[first + i] = margins[i][0];
      high[first + i] = margins[i][1];
    }
    return pad(x, low, high);
  }

  template <typename F> void fields(F &f) {
    f("padding", padding);
    f("data_format", options.data_format);
  }

  Margins padding;
  Options options;
};

} // namespace lamina::layers

#endif
