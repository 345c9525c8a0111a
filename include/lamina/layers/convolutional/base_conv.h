#ifndef LAMINA_LAYERS_CONVOLUTIONAL_BASE_CONV_H
#define LAMINA_LAYERS_CONVOLUTIONAL_BASE_CONV_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// What the convolutions of every rank share.
template <typename D, std::size_t Spatial> class ConvBase : public Layer<D> {
public:
  struct Options {
    ActivationFunction activation = {};
    Sizes strides = 1;
    std::string padding = "valid";
    std::string data_format = "channels_last";
    Sizes dilation_rate = 1;
    std::int64_t groups = 1;
    bool use_bias = true;
    Initializer kernel_initializer = "glorot_uniform";
    Initializer bias_initializer = "zeros";
    Regularizer kernel_regularizer = {};
    Regularizer bias_regularizer = {};
    Regularizer activity_regularizer = {};
    Constraint kernel_constraint = {};
    Constraint bias_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  ConvBase(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : filters(filters), kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->activity_regularizer = options.activity_regularizer;
  }

  void prepare() {
    check_positive(filters, "filters");
    check_positive(options.groups, "groups");
    kernel_size = kernel_size.expanded(Spatial, "kernel_size");
    expand_steps(options.strides, options.dilation_rate, Spatial);
    check_steps(options.strides, options.dilation_rate);
    check_padding(options.padding, Spatial == 1);
    is_channels_first(options.data_format);
    if (filters % options.groups)
      throw Error("filters (" + std::to_string(filters) + ") must be a multiple of groups (" +
                  std::to_string(options.groups) + ")");
  }

  void build(const Shape &input) {
    std::int64_t channels = known_channels(input, Spatial, options.data_format);
    if (channels % options.groups)
      throw Error("an input of " + std::to_string(channels) + " channels does not split into " +
                  std::to_string(options.groups) + " groups");
    Shape shape(static_cast<const std::vector<std::int64_t> &>(kernel_size));
    shape.push_back(channels / options.groups);
    shape.push_back(filters);
    kernel = this->add_weight("kernel", shape, kernel_options(options));
    if (options.use_bias)
      bias = this->add_weight("bias", {filters}, bias_options(options));
  }

  Value call(const Value &input, CallContext &) const {
    bool first = is_channels_first(options.data_format);
    Value x = to_channels_last(to_dtype(input, this->dtype()), first);
    std::string padding = options.padding;
    x = pad_causal(x, padding, kernel_size[0], options.dilation_rate[0]);
    Value y = conv(
        x, kernel,
        {.strides = options.strides, .padding = padding, .dilations = options.dilation_rate, .groups = options.groups});
    if (bias)
      y = y + bias;
    // An activation may look at the last axis: Keras applies it where the layout puts the channels.
    return options.activation(from_channels_last(y, first));
  }

  template <typename F> void fields(F &f) {
    f.required("filters", filters);
    f.required("kernel_size", kernel_size);
    f("strides", options.strides);
    f("padding", options.padding);
    f("data_format", options.data_format);
    f("dilation_rate", options.dilation_rate);
    f("groups", options.groups);
    f("activation", options.activation);
    f("use_bias", options.use_bias);
    kernel_and_bias_fields(f, options);
  }

  std::int64_t filters;
  Sizes kernel_size;
  Options options;
  Variable kernel, bias;
};

} // namespace lamina::layers

#endif
