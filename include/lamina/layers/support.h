#ifndef LAMINA_LAYERS_SUPPORT_H
#define LAMINA_LAYERS_SUPPORT_H

#include <algorithm>

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

/// The number of channels of an input with `spatial` axes. Errors: another rank, an open number.
inline std::int64_t known_channels(const Shape &input, std::size_t spatial, const std::string &data_format) {
  check_rank(input, spatial + 2);
  std::int64_t channels = input[is_channels_first(data_format) ? 1 : -1];
  if (channels == none)
    throw Error("the number of channels must be known, got shape " + input.str());
  return channels;
}

/// How a layer's options make its kernel, and its bias.
template <typename O> Variable::Options kernel_options(const O &options) {
  return {.initializer = options.kernel_initializer,
          .regularizer = options.kernel_regularizer,
          .constraint = options.kernel_constraint};
}
template <typename O> Variable::Options bias_options(const O &options) {
  return {.initializer = options.bias_initializer,
          .regularizer = options.bias_regularizer,
          .constraint = options.bias_constraint};
}

/// The arguments that both read.
template <typename F, typename O> void kernel_and_bias_fields(F &f, O &options) {
  f("kernel_initializer", options.kernel_initializer);
  f("bias_initializer", options.bias_initializer);
  f("kernel_regularizer", options.kernel_regularizer);
  f("bias_regularizer", options.bias_regularizer);
  f("kernel_constraint", options.kernel_constraint);
  f("bias_constraint", options.bias_constraint);
}

/// Gives both an entry for each spatial axis. Errors: other numbers.
inline void expand_steps(Sizes &strides, Sizes &dilation_rate, std::size_t spatial) {
  strides = strides.expanded(spatial, "strides");
  dilation_rate = dilation_rate.expanded(spatial, "dilation_rate");
}

/// Errors: both larger than 1, which the layers of full convolutions refuse.
inline void check_steps(const Sizes &strides, const Sizes &dilation_rate) {
  auto larger = [](std::int64_t step) { return step > 1; };
  if (std::ranges::any_of(strides, larger) && std::ranges::any_of(dilation_rate, larger))
    throw Error("strides and dilation_rate cannot both be larger than 1");
}

/// The padding of a convolution over time of which no step sees a later one: done here, the rest is "valid".
inline Value pad_causal(const Value &x, std::string &padding, std::int64_t kernel_size, std::int64_t dilation_rate) {
  if (padding != "causal")
    return x;
  padding = "valid";
  return pad(x, {0, (kernel_size - 1) * dilation_rate, 0}, {0, 0, 0});
}

/// A weight over some axes of x, with axes of size 1 where x has others.
inline Value along_axes(const Value &weight, const std::vector<std::int64_t> &axes, const Value &x) {
  std::int64_t n = static_cast<std::int64_t>(axes.size());
  bool trailing = axes.back() == x.rank() - 1 && axes.front() == x.rank() - n;
  if (trailing)
    return weight;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.rank()), 1);
  for (std::int64_t i = 0; i < n; ++i)
    shape[static_cast<std::size_t>(axes[static_cast<std::size_t>(i)])] = weight.shape()[i];
  return reshape(weight, shape);
}

/// Elements of x become 0 with probability rate, which is less than 1, and the others x / (1 - rate). The choice has
/// the sizes `dims`; where they are 1 it is shared.
inline Value drop_elements(const Value &x, const Dims &dims, double rate, const CallContext &context,
                           std::optional<std::int64_t> seed) {
  Value kept = random_uniform(context.seed(), dims, context.stream(seed)) >= rate;
  return where(kept, x * (1.0 / (1.0 - rate)), 0.0);
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

/// The numbers of nested lists, as float64. Errors: rows of different lengths, an entry that is no number.
inline Tensor to_numbers(const Config &config) {
  Shape shape;
  for (const Config *item = &config; item->is_list(); item = &item->at(0)) {
    shape.push_back(static_cast<std::int64_t>(item->size()));
    if (item->size() == 0)
      break;
  }
  std::vector<double> numbers;
  auto collect = [&](auto &&self, const Config &item, std::size_t depth) -> void {
    if (depth == shape.rank())
      return numbers.push_back(item.as_double());
    if (!item.is_list() || static_cast<std::int64_t>(item.size()) != shape[depth])
      throw Error("expected lists of equal lengths, got " + config.str());
    for (const Config &entry : item.as_list())
      self(self, entry, depth + 1);
  };
  collect(collect, config, 0);
  Tensor result(shape, DType::Float64);
  std::ranges::copy(numbers, result.values<double>().begin());
  return result;
}

inline Value to_dtype(const Value &x, DType dtype) { return cast(x, dtype); }

} // namespace lamina::layers

#endif
