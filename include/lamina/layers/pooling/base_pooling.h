#ifndef LAMINA_LAYERS_POOLING_BASE_POOLING_H
#define LAMINA_LAYERS_POOLING_BASE_POOLING_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// What the poolings of every rank share. The result of a window is its largest element or its mean; padding takes no
/// part.
template <typename D, std::size_t Spatial, bool Max> class PoolingBase : public Layer<D> {
public:
  struct Options {
    std::optional<Sizes> strides = {}; ///< pool_size unless given
    std::string padding = "valid";
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  PoolingBase(const Sizes &pool_size, const Options &options) : pool_size(pool_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    pool_size = pool_size.expanded(Spatial, "pool_size");
    options.strides = options.strides ? options.strides->expanded(Spatial, "strides") : pool_size;
    check_padding(options.padding);
    is_channels_first(options.data_format);
  }

  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), Spatial + 2);
    bool first = is_channels_first(options.data_format);
    Value y = to_channels_last(x, first);
    WindowOptions window{.strides = *options.strides, .padding = options.padding};
    y = Max ? Value(max_pool(y, pool_size, window)) : Value(average_pool(y, pool_size, window));
    return from_channels_last(y, first);
  }

  template <typename F> void fields(F &f) {
    f("pool_size", pool_size);
    f("padding", options.padding);
    f("strides", options.strides);
    f("data_format", options.data_format);
  }

  Sizes pool_size;
  Options options;
};

/// What the global poolings share.
template <typename D, std::size_t Spatial, bool Max> class GlobalPoolingBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    bool keepdims = false;
    LAMINA_COMMON_OPTIONS;
  };

  explicit GlobalPoolingBase(const Options &options) : options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() const { is_channels_first(options.data_format); }

  Value call(const Value &x, CallContext &context) const {
    check_rank(x.shape(), Spatial + 2);
    std::int64_t axis = is_channels_first(options.data_format) ? 2 : 1;
    std::vector<std::int64_t> axes;
    for (std::size_t i = 0; i < Spatial; ++i)
      axes.push_back(axis + static_cast<std::int64_t>(i));
    if constexpr (Max) {
      return max(x, axes, options.keepdims);
    } else {
      Value mask = Spatial == 1 ? context.mask() : Value();
      if (!mask.defined())
        return mean(x, axes, options.keepdims);
      Value kept = expand_dims(cast(mask, x.dtype()), axis == 2 ? 1 : 2);
      return sum(x * kept, axes, options.keepdims) / sum(kept, axes, options.keepdims);
    }
  }

  template <typename F> void fields(F &f) {
    f("data_format", options.data_format);
    f("keepdims", options.keepdims);
  }

  Options options;
};

} // namespace lamina::layers

#endif
