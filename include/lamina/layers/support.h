#ifndef LAMINA_LAYERS_SUPPORT_H
#define LAMINA_LAYERS_SUPPORT_H

#include <lamina/layer.h>

namespace lamina::layers {

/// Whether the channels are the first axis after the batch. Errors: neither of Keras's two names.
inline bool is_channels_first(const std::string &data_format) {
  if (data_format != "channels_first" && data_format != "channels_last")
    throw Error("data_format must be channels_last or channels_first, got '" + data_format + "'");
  return data_format == "channels_first";
}

inline void check_padding(const std::string &padding, bool causal = false) {
  if (padding != "valid" && padding != "same" && !(causal && padding == "causal"))
    throw Error("padding must be valid" + std::string(causal ? ", same or causal" : " or same") + ", got '" + padding +
                "'");
}

inline void check_positive(std::int64_t value, const char *what) {
  if (value <= 0)
    throw Error(std::string(what) + " must be a positive integer, got " + std::to_string(value));
}

inline void check_rank(const Shape &shape, std::size_t rank) {
  if (shape.rank() != rank)
    throw Error("expects an input of " + std::to_string(rank) + " dimensions, got shape " + shape.str());
}

/// [N, C, S…] → [N, S…, C]
inline Value to_channels_last(const Value &x, bool channels_first) {
  if (!channels_first)
    return x;
  std::vector<std::int64_t> axes{0};
  for (std::int64_t i = 2; i < x.rank(); ++i)
    axes.push_back(i);
  axes.push_back(1);
  return transpose(x, axes);
}

/// [N, S…, C] → [N, C, S…]
inline Value from_channels_last(const Value &x, bool channels_first) {
  if (!channels_first)
    return x;
  std::vector<std::int64_t> axes{0, x.rank() - 1};
  for (std::int64_t i = 1; i + 1 < x.rank(); ++i)
    axes.push_back(i);
  return transpose(x, axes);
}

/// x / max(√Σ x², epsilon) along the axes.
inline Value unit_length(const Value &x, const Axes &axes, double epsilon) {
  return x * minimum(rsqrt(sum(square(x), axes, true)), 1 / epsilon);
}

inline Value to_dtype(const Value &x, DType dtype) { return cast(x, dtype); }

} // namespace lamina::layers

#endif
