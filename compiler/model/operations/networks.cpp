#include "compiler/model/operations/call.h"

#include "compiler/model/entropies.h"
#include "lamina/activations.h"
#include "lamina/layers/attention/base_attention.h"
#include "lamina/layers/convolutional/base_depthwise_conv.h"
#include "lamina/layers/pooling/base_adaptive_pooling.h"

#include <cmath>

namespace lamina::operations {
namespace {

using V = const Value &;

/// A window's options as the settings say them.
WindowOptions window(const Call &c, V x) {
  return {.strides = c.sizes("strides", x, 1),
          .padding = c.setting("padding", std::string("valid")),
          .dilations = c.sizes("dilation_rate", x, 1)};
}

/// Runs a function on inputs whose channels are last.
template <typename F> Values channels_last(const Call &c, F function) {
  Value x = c.value(0, "inputs");
  if (x.rank() < 3)
    throw Error("expects a batch of images or sequences, got shape " + x.shape().str());
  return {layers::from_channels_last(function(layers::to_channels_last(x, c.channels_first())), c.channels_first())};
}

Values pooled(const Call &c, const char *op) {
  return channels_last(c, [&](V x) {
    WindowOptions options{.padding = c.setting("padding", std::string("valid"))};
    std::vector<std::int64_t> size = c.sizes("pool_size", x, 1);
    options.strides = c.setting("strides") ? c.sizes("strides", x, 1) : size;
    return detail::pool(op, x, size, options);
  });
}

template <bool Max> Values adaptively_pooled(const Call &c) {
  return channels_last(c, [&](V x) {
    std::vector<std::int64_t> size = c.sizes("output_size", x, 1);
    Value y = x;
    for (std::size_t i = 0; i < size.size(); ++i) {
      known_size(y, static_cast<std::int64_t>(i) + 1);
      y = layers::pool_adaptively<Max>(y, static_cast<std::int64_t>(i) + 1, size[i]);
    }
    return y;
  });
}

Values convolution(const Call &c) {
  return channels_last(c, [&](V x) {
    Value kernel = c.value(1, "kernel");
    WindowOptions options = window(c, x);
    options.groups = known_size(x, -1) / std::max<std::int64_t>(known_size(kernel, -2), 1);
    return Value(conv(x, kernel, options));
  });
}

Value depthwise(const Call &c, V x, V kernel) {
  WindowOptions options = window(c, x);
  Sizes strides, dilations;
  strides.assign(options.strides.begin(), options.strides.end());
  dilations.assign(options.dilations.begin(), options.dilations.end());
  return layers::depthwise_conv(x, kernel, strides, options.padding, dilations);
}

Values transposed_convolution(const Call &c) {
  return channels_last(c, [&](V x) {
    std::vector<std::int64_t> output_padding;
    if (c.setting("output_padding"))
      output_padding = c.sizes("output_padding", x, 0);
    return conv_transpose(x, c.value(1, "kernel"), window(c, x), output_padding);
  });
}

/// What Fold and Unfold set for height and width.
Sizes both(const Call &c, const char *name, std::int64_t otherwise) {
  Sizes sizes = otherwise;
  if (const Config *entry = c.setting(name))
    detail::read(*entry, sizes);
  return sizes.expanded(2, name, otherwise);
}

WindowOptions steps(const Call &c) { return {.strides = both(c, "stride", 1), .dilations = both(c, "dilation", 1)}; }

/// [N, C, H, W] → [N, C · elements of a window, windows]
Value unfold(const Call &c) {
  Value x = c.value(0, "x");
  layers::check_rank(x.shape(), 4);
  Sizes size = both(c, "kernel_size", 1), padding = both(c, "padding", 0);
  std::int64_t channels = known_size(x, 1), elements = size[0] * size[1];
  Value images = reshape(x, std::vector<std::int64_t>{-1, known_size(x, 2), known_size(x, 3), 1});
  images = pad(images, {0, padding[0], padding[1], 0}, {0, padding[0], padding[1], 0});
  Value y = conv(images, constant(x.graph(), window_elements(size, 1)), steps(c));
  std::int64_t windows = y.shape()[1] * y.shape()[2];
  y = transpose(reshape(y, std::vector<std::int64_t>{-1, windows, elements}), {0, 2, 1});
  return reshape(y, std::vector<std::int64_t>{-1, channels * elements, windows});
}

/// Back, with the sums of what several windows share.
Value fold(const Call &c) {
  Value x = c.value(0, "x");
  layers::check_rank(x.shape(), 3);
  Sizes output = both(c, "output_size", 1), size = both(c, "kernel_size", 1), padding = both(c, "padding", 0);
  WindowOptions options = steps(c);
  std::int64_t elements = size[0] * size[1], channels = known_size(x, 1) / elements;
  std::vector<std::int64_t> windows;
  for (std::size_t i = 0; i < 2; ++i)
    windows.push_back((output[i] + 2 * padding[i] - options.dilations[i] * (size[i] - 1) - 1) / options.strides[i] + 1);
  Value y = transpose(reshape(x, std::vector<std::int64_t>{-1, elements, windows[0], windows[1]}), {0, 2, 3, 1});
  y = conv_transpose(y, constant(x.graph(), window_elements(size, 1)), options);
  for (std::size_t i = 0; i < 2; ++i) {
    auto axis = static_cast<std::int64_t>(i) + 1;
    std::vector<std::int64_t> none_low(4, 0), high(4, 0);
    high[i + 1] = std::max<std::int64_t>(padding[i] + output[i] - y.shape()[axis], 0);
    y = slice_axis(pad(y, none_low, high), axis, padding[i], padding[i] + output[i]);
  }
  return reshape(y, std::vector<std::int64_t>{-1, channels, output[0], output[1]});
}

/// A weight along one axis of x.
Value along(V weight, V x, std::int64_t axis) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.rank()), 1);
  shape[static_cast<std::size_t>(resolve_axis(axis, x.rank()))] = -1;
  return reshape(weight, shape);
}

Value batch_normalization(const Call &c) {
  Value x = c.value(0, "x");
  std::int64_t axis = c.axis(-1);
  Value scale = rsqrt(along(c.value(2, "variance"), x, axis) + c.setting("epsilon", 1e-3));
  if (Value given = c.optional(4, "scale"); given.defined())
    scale = scale * along(given, x, axis);
  Value y = (x - along(c.value(1, "mean"), x, axis)) * scale;
  Value offset = c.optional(3, "offset");
  return offset.defined() ? Value(y + along(offset, x, axis)) : y;
}

/// A weight of the normalized axes, with size 1 along the others.
Value over_axes(V weight, V x, const std::vector<std::int64_t> &axes) {
  return weight.rank() == x.rank() ? weight : layers::along_axes(weight, axes, x);
}

Value layer_normalization(const Call &c) {
  Value x = detail::to_float(c.value(0, "x")), gamma = c.optional(1, "gamma"), beta = c.optional(2, "beta");
  std::vector<std::int64_t> axes = c.setting("axis", Axes(-1)).resolve(x.rank());
  bool rms = c.setting("rms_scaling", false);
  Value y = (rms ? x : Value(x - mean(x, axes, true))) * rsqrt(variance(x, axes, true) + c.setting("epsilon", 1e-7));
  if (gamma.defined())
    y = y * over_axes(gamma, x, axes);
  return beta.defined() && !rms ? Value(y + over_axes(beta, x, axes)) : y;
}

Value rms_normalization(const Call &c) {
  Value x = detail::to_float(c.value(0, "x")), scale = c.optional(1, "scale");
  std::vector<std::int64_t> axes = c.setting("axis", Axes(-1)).resolve(x.rank());
  Value y = x * rsqrt(mean(square(x), axes, true) + c.setting("epsilon", 1e-7));
  return scale.defined() ? Value(y * over_axes(scale, x, axes)) : y;
}

Value normalized(const Call &c) {
  Value x = c.value(0, "x");
  Axes axes = c.setting("axis") ? c.axes() : Axes();
  double epsilon = c.setting("epsilon", 1e-7), order = c.setting("order", 2.0);
  if (order == 2)
    return layers::unit_length(x, axes, epsilon);
  Value norm = power(sum(power(abs(x), order), axes, true), 1 / order);
  return x / maximum(norm, epsilon);
}

/// [batch, queries, heads, size], [batch, values, heads, size] twice.
Value attention(const Call &c) {
  Value query = c.value(0, "query"), key = c.value(1, "key"), value = c.value(2, "value");
  for (const Value &x : {query, key, value})
    layers::check_rank(x.shape(), 4);
  if (c.setting("attn_logits_soft_cap"))
    throw Error("attn_logits_soft_cap is not supported");
  double scale = c.option(5, "scale", 1.0 / std::sqrt(static_cast<double>(known_size(query, -1))));
  Value scores = einsum("bqhd,bvhd->bhqv", query, key) * scale;
  if (Value bias = c.optional(3, "bias"); bias.defined())
    scores = scores + bias;
  Value seen = c.optional(4, "mask");
  if (c.setting("is_causal", false)) {
    Value causal = layers::causal_mask(c.graph(), Dim(scores, -2), Dim(scores, -1));
    seen = seen.defined() ? Value(logical_and(seen, causal)) : causal;
  }
  if (seen.defined())
    scores = where(seen, scores, -0.7 * static_cast<double>(std::numeric_limits<float>::max()));
  return einsum("bhqv,bvhd->bqhd", softmax(scores), value);
}

} // namespace

Tensor window_elements(const std::vector<std::int64_t> &size, std::int64_t channels) {
  std::int64_t n = size[0] * size[1] * channels;
  Tensor kernel = Tensor::zeros({size[0], size[1], channels, n});
  for (std::int64_t i = 0; i < n; ++i)
    kernel.values<float>()[static_cast<std::size_t>(i * n + i)] = 1;
  return kernel;
}

void add_networks(Table &table) {
  Table::Module nn(table, "ops.nn");
  nn.unary({
      {"HardSigmoid", [](V x) -> Value { return hard_sigmoid(x); }},
      {"HardSilu", [](V x) -> Value { return hard_silu(x); }},
      {"HardTanh", [](V x) -> Value { return activations::hard_tanh(x); }},
      {"LogSigmoid", [](V x) -> Value { return log_sigmoid(x); }},
      {"Relu", [](V x) -> Value { return relu(x); }},
      {"Relu6", [](V x) -> Value { return relu6(x); }},
      {"Selu", [](V x) -> Value { return activations::selu(x); }},
      {"Sigmoid", [](V x) -> Value { return sigmoid(x); }},
      {"Silu", [](V x) -> Value { return silu(x); }},
      {"Softplus", [](V x) -> Value { return softplus(x); }},
      {"Softsign", [](V x) -> Value { return softsign(x); }},
      {"SparsePlus", [](V x) -> Value { return activations::sparse_plus(x); }},
      {"SparseSigmoid", [](V x) -> Value { return activations::sparse_sigmoid(x); }},
      {"TanhShrink", [](V x) -> Value { return activations::tanh_shrink(x); }},
  });
  nn.calls({
      {"AdaptiveAveragePool", adaptively_pooled<false>},
      {"AdaptiveMaxPool", adaptively_pooled<true>},
      {"AveragePool", [](const Call &c) -> Values { return pooled(c, "avg_pool"); }},
      {"BatchNorm", [](const Call &c) -> Values { return {batch_normalization(c)}; }},
      {"BinaryCrossentropy",
       [](const Call &c) -> Values {
         return {binary_entropies(c.value(0, "target"), c.value(1, "output"), c.setting("from_logits", false))};
       }},
      {"CategoricalCrossentropy",
       [](const Call &c) -> Values {
         Value p = move_axis(c.value(1, "output"), c.axis(-1), -1), t = move_axis(c.value(0, "target"), c.axis(-1), -1);
         return {-sum(t * log_probabilities(p, c.setting("from_logits", false)), -1)};
       }},
      {"Celu", [](const Call &c) -> Values { return {activations::celu(c.value(0, "x"), c.setting("alpha", 1.0))}; }},
      {"Conv", convolution},
      {"ConvTranspose", transposed_convolution},
      {"DepthwiseConv",
       [](const Call &c) -> Values {
         return channels_last(c, [&](V x) { return depthwise(c, x, c.value(1, "kernel")); });
       }},
      {"DotProductAttention", [](const Call &c) -> Values { return {attention(c)}; }},
      {"Elu", [](const Call &c) -> Values { return {activations::elu(c.value(0, "x"), c.setting("alpha", 1.0))}; }},
      {"Fold", [](const Call &c) -> Values { return {fold(c)}; }},
      {"Gelu", [](const Call &c) -> Values { return {gelu(c.value(0, "x"), c.setting("approximate", true))}; }},
      {"Glu", [](const Call &c) -> Values { return {activations::glu(c.value(0, "x"), c.axis(-1))}; }},
      {"HardShrink",
       [](const Call &c) -> Values {
         return {activations::hard_shrink(c.value(0, "x"), c.setting("threshold", 0.5))};
       }},
      {"LayerNorm", [](const Call &c) -> Values { return {layer_normalization(c)}; }},
      {"LeakyRelu",
       [](const Call &c) -> Values {
         return {activations::leaky_relu(c.value(0, "x"), c.setting("negative_slope", 0.2))};
       }},
      {"LogSoftmax", [](const Call &c) -> Values { return {log_softmax(c.value(0, "x"), c.axes())}; }},
      {"MaxPool", [](const Call &c) -> Values { return pooled(c, "max_pool"); }},
      {"Normalize", [](const Call &c) -> Values { return {normalized(c)}; }},
      {"PSNR",
       [](const Call &c) -> Values {
         Value error = mean(square(c.value(0, "x1") - c.value(1, "x2")));
         return {20.0 * std::log10(c.setting("max_val", 1.0)) - 10.0 * log10(error)};
       }},
      {"RMSNorm", [](const Call &c) -> Values { return {rms_normalization(c)}; }},
      {"SeparableConv",
       [](const Call &c) -> Values {
         return channels_last(c, [&](V x) {
           return Value(conv(depthwise(c, x, c.value(1, "depthwise_kernel")), c.value(2, "pointwise_kernel"),
                             {.strides = std::vector<std::int64_t>(static_cast<std::size_t>(x.rank() - 2), 1)}));
         });
       }},
      {"SoftShrink",
       [](const Call &c) -> Values {
         return {activations::soft_shrink(c.value(0, "x"), c.setting("threshold", 0.5))};
       }},
      {"Softmax", [](const Call &c) -> Values { return {softmax(c.value(0, "x"), c.axes())}; }},
      {"SparseCategoricalCrossentropy",
       [](const Call &c) -> Values {
         return {sparse_entropies(c.value(0, "target"), move_axis(c.value(1, "output"), c.axis(-1), -1),
                                  c.setting("from_logits", false))};
       }},
      {"Sparsemax", [](const Call &c) -> Values { return {activations::sparsemax(c.value(0, "x"), c.axis(-1))}; }},
      {"Squareplus",
       [](const Call &c) -> Values { return {activations::squareplus(c.value(0, "x"), c.setting("b", 4.0))}; }},
      {"Threshold",
       [](const Call &c) -> Values {
         return {activations::threshold(c.value(0, "x"), c.setting("threshold", 0.0), c.setting("default_value", 0.0))};
       }},
      {"Unfold", [](const Call &c) -> Values { return {unfold(c)}; }},
  });
  // What keras.activations.relu writes where it has arguments.
  Table::Module own(table, "activations.activations");
  own.calls({
      {"ReLU",
       [](const Call &c) -> Values {
         return {activations::relu(c.value(0, "x"), c.setting("negative_slope", 0.0),
                                   c.setting("max_value", std::optional<double>()), c.setting("threshold", 0.0))};
       }},
  });
}

} // namespace lamina::operations
