#ifndef LAMINA_LAYERS_CONVOLUTIONAL_BASE_DEPTHWISE_CONV_H
#define LAMINA_LAYERS_CONVOLUTIONAL_BASE_DEPTHWISE_CONV_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Each channel convolved by itself with depth_multiplier kernels: [N, S…, C] · [K…, C, M] → [N, S…′, C·M].
inline Value depthwise_conv(const Value &x, const Value &kernel, const Sizes &strides, std::string padding,
                            const Sizes &dilation_rate) {
  Shape kernel_shape = kernel.shape();
  std::vector<std::int64_t> shape(kernel_shape.begin(), kernel_shape.end());
  std::int64_t multiplier = shape.back(), channels = shape[shape.size() - 2];
  Value padded = pad_causal(x, padding, shape[0], dilation_rate[0]);
  shape[shape.size() - 2] = 1;
  shape.back() = channels * multiplier;
  return conv(padded, reshape(kernel, shape),
              {.strides = strides, .padding = padding, .dilations = dilation_rate, .groups = channels});
}

/// What depthwise and separable convolutions check.
inline void check_depthwise(Sizes &kernel_size, Sizes &strides, Sizes &dilation_rate, std::int64_t depth_multiplier,
                            const std::string &padding, const std::string &data_format, std::size_t spatial,
                            bool causal) {
  check_positive(depth_multiplier, "depth_multiplier");
  kernel_size = kernel_size.expanded(spatial, "kernel_size");
  expand_steps(strides, dilation_rate, spatial);
  check_padding(padding, causal);
  is_channels_first(data_format);
}

/// What the depthwise convolutions of every rank share.
template <typename D, std::size_t Spatial> class DepthwiseConvBase : public Layer<D> {
public:
  struct Options {
    ActivationFunction activation = {};
    Sizes strides = 1;
    std::string padding = "valid";
    std::int64_t depth_multiplier = 1;
    std::string data_format = "channels_last";
    Sizes dilation_rate = 1;
    bool use_bias = true;
    Initializer depthwise_initializer = "glorot_uniform";
    Initializer bias_initializer = "zeros";
    Regularizer depthwise_regularizer = {};
    Regularizer bias_regularizer = {};
    Regularizer activity_regularizer = {};
    Constraint depthwise_constraint = {};
    Constraint bias_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  DepthwiseConvBase(const Sizes &kernel_size, const Options &options) : kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->activity_regularizer = options.activity_regularizer;
  }

  void prepare() {
    check_depthwise(kernel_size, options.strides, options.dilation_rate, options.depth_multiplier, options.padding,
                    options.data_format, Spatial, /*causal=*/false);
  }

  void build(const Shape &input) {
    std::int64_t channels = known_channels(input, Spatial, options.data_format);
    Shape shape(static_cast<const std::vector<std::int64_t> &>(kernel_size));
    shape.push_back(channels);
    shape.push_back(options.depth_multiplier);
    kernel = this->add_weight("kernel", shape,
                              {.initializer = options.depthwise_initializer,
                               .regularizer = options.depthwise_regularizer,
                               .constraint = options.depthwise_constraint});
    if (options.use_bias)
      bias = this->add_weight("bias", {channels * options.depth_multiplier}, bias_options(options));
  }

  Value call(const Value &input, CallContext &) const {
    bool first = is_channels_first(options.data_format);
    Value x = to_channels_last(to_dtype(input, this->dtype()), first);
    Value y = depthwise_conv(x, as_value(x.graph(), kernel), options.strides, options.padding, options.dilation_rate);
    if (bias)
      y = y + bias;
    return options.activation(from_channels_last(y, first));
  }

  template <typename F> void fields(F &f) {
    f.required("kernel_size", kernel_size);
    f("strides", options.strides);
    f("padding", options.padding);
    f("depth_multiplier", options.depth_multiplier);
    f("data_format", options.data_format);
    f("dilation_rate", options.dilation_rate);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    f("depthwise_initializer", options.depthwise_initializer);
    f("bias_initializer", options.bias_initializer);
    f("depthwise_regularizer", options.depthwise_regularizer);
    f("bias_regularizer", options.bias_regularizer);
    f.optional("activity_regularizer", this->activity_regularizer);
    f("depthwise_constraint", options.depthwise_constraint);
    f("bias_constraint", options.bias_constraint);
  }

  Sizes kernel_size;
  Options options;
  Variable kernel, bias;
};

} // namespace lamina::layers

#endif
