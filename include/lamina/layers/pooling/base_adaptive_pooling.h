#ifndef LAMINA_LAYERS_POOLING_BASE_ADAPTIVE_POOLING_H
#define LAMINA_LAYERS_POOLING_BASE_ADAPTIVE_POOLING_H

#include <lamina/layers/reshaping/base_up_sampling.h>

namespace lamina::layers {

/// An axis of known size, between the first and the last, pooled to another size. Among equal elements the first takes
/// the gradient of a maximum.
template <bool Max> Value pool_adaptively(const Value &x, std::int64_t axis, std::int64_t size) {
  std::int64_t from = x.shape()[axis];
  auto first = [&](std::int64_t i) { return i * from / size; };
  auto last = [&](std::int64_t i) { return ((i + 1) * from + size - 1) / size; };
  if constexpr (Max) {
    auto largest = [axis](const Value &of, std::int64_t length) {
      std::vector<std::int64_t> window(of.shape().rank() - 2, 1);
      window[axis - 1] = length;
      return Value(max_pool(of, window, {.strides = window}));
    };
    if (from % size == 0)
      return largest(x, from / size);
    Values parts;
    for (std::int64_t i = 0; i < size; ++i)
      parts.push_back(largest(slice_axis(x, axis, first(i), last(i)), last(i) - first(i)));
    return concatenate(parts, axis);
  } else {
    Tensor weights({from, size}, DType::Float32);
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t j = first(i); j < last(i); ++j)
        weights.at<float>(j, i) = 1.0f / static_cast<float>(last(i) - first(i));
    return mix_along(x, axis, constant(x.graph(), weights));
  }
}

/// Pooling to a given size: element i of an axis comes from the elements floor(i n / size) to before
/// ceil((i + 1) n / size) of its n. Errors: another number of sizes than spatial axes, an open axis.
template <typename D, std::size_t Spatial, bool Max> class AdaptivePoolingBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };
  AdaptivePoolingBase(const Sizes &output_size, const Options &options) : output_size(output_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    output_size = output_size.expanded(Spatial, "output_size");
    is_channels_first(options.data_format);
  }

  Value call(const Value &input, CallContext &) const {
    check_rank(input.shape(), Spatial + 2);
    bool channels_first = is_channels_first(options.data_format);
    Value x = to_channels_last(to_dtype(input, this->dtype()), channels_first);
    for (std::size_t i = 0; i < Spatial; ++i) {
      std::int64_t axis = static_cast<std::int64_t>(i) + 1;
      if (x.shape()[axis] == none)
        throw Error("needs known sizes, got shape " + input.shape().str());
      x = pool_adaptively<Max>(x, axis, output_size[i]);
    }
    return from_channels_last(x, channels_first);
  }

  template <typename F> void fields(F &f) {
    f.required("output_size", output_size);
    f("data_format", options.data_format);
  }

  Sizes output_size;
  Options options;
};

} // namespace lamina::layers

#endif
