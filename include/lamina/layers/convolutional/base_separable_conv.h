#ifndef LAMINA_LAYERS_CONVOLUTIONAL_BASE_SEPARABLE_CONV_H
#define LAMINA_LAYERS_CONVOLUTIONAL_BASE_SEPARABLE_CONV_H

#include <lamina/layers/convolutional/base_depthwise_conv.h>

namespace lamina::layers {

/// What the separable convolutions of every rank share: a depthwise convolution, then one of size 1 that mixes the
/// channels.
template <typename D, std::size_t Spatial> class SeparableConvBase : public Layer<D> {
public:
  struct Options {
    ActivationFunction activation = {};
    Sizes strides = 1;
    std::string padding = "valid";
    std::string data_format = "channels_last";
    Sizes dilation_rate = 1;
    std::int64_t depth_multiplier = 1;
    bool use_bias = true;
    Initializer depthwise_initializer = "glorot_uniform";
    Initializer pointwise_initializer = "glorot_uniform";
    Initializer bias_initializer = "zeros";
    Regularizer depthwise_regularizer = {};
    Regularizer pointwise_regularizer = {};
    Regularizer bias_regularizer = {};
    Regularizer activity_regularizer = {};
    Constraint depthwise_constraint = {};
    Constraint pointwise_constraint = {};
    Constraint bias_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  SeparableConvBase(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : filters(filters), kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->activity_regularizer = options.activity_regularizer;
  }

  void prepare() {
    check_positive(filters, "filters");
    check_depthwise(kernel_size, options.strides, options.dilation_rate, options.depth_multiplier, options.padding,
                    options.data_format, Spatial, /*causal=*/Spatial == 1);
  }

  void build(const Shape &input) {
    std::int64_t channels = known_channels(input, Spatial, options.data_format);
    Shape depthwise(static_cast<const std::vector<std::int64_t> &>(kernel_size));
    depthwise.push_back(channels);
    depthwise.push_back(options.depth_multiplier);
    Shape pointwise(std::vector<std::int64_t>(Spatial, 1));
    pointwise.push_back(channels * options.depth_multiplier);
    pointwise.push_back(filters);
    depthwise_kernel = this->add_weight("depthwise_kernel", depthwise,
                                        {.initializer = options.depthwise_initializer,
                                         .regularizer = options.depthwise_regularizer,
                                         .constraint = options.depthwise_constraint});
    pointwise_kernel = this->add_weight("pointwise_kernel", pointwise,
                                        {.initializer = options.pointwise_initializer,
                                         .regularizer = options.pointwise_regularizer,
                                         .constraint = options.pointwise_constraint});
    if (options.use_bias)
      bias = this->add_weight("bias", {filters}, bias_options(options));
  }

  Value call(const Value &input, CallContext &) const {
    bool first = is_channels_first(options.data_format);
    Value x = to_channels_last(to_dtype(input, this->dtype()), first);
    Value each = depthwise_conv(x, as_value(x.graph(), depthwise_kernel), options.strides, options.padding,
                                options.dilation_rate);
    Value y = conv(each, pointwise_kernel, {});
    if (bias)
      y = y + bias;
    return options.activation(from_channels_last(y, first));
  }

  template <typename F> void fields(F &f) {
    f.required("filters", filters);
    f.required("kernel_size", kernel_size);
    f("strides", options.strides);
    f("padding", options.padding);
    f("data_format", options.data_format);
    f("dilation_rate", options.dilation_rate);
    f("depth_multiplier", options.depth_multiplier);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    f("depthwise_initializer", options.depthwise_initializer);
    f("pointwise_initializer", options.pointwise_initializer);
    f("bias_initializer", options.bias_initializer);
    f("depthwise_regularizer", options.depthwise_regularizer);
    f("pointwise_regularizer", options.pointwise_regularizer);
    f("bias_regularizer", options.bias_regularizer);
    f.optional("activity_regularizer", this->activity_regularizer);
    f("depthwise_constraint", options.depthwise_constraint);
    f("pointwise_constraint", options.pointwise_constraint);
    f("bias_constraint", options.bias_constraint);
  }

  std::int64_t filters;
  Sizes kernel_size;
  Options options;
  Variable depthwise_kernel, pointwise_kernel, bias;
};

} // namespace lamina::layers

#endif
