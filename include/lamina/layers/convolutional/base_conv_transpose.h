#ifndef LAMINA_LAYERS_CONVOLUTIONAL_BASE_CONV_TRANSPOSE_H
#define LAMINA_LAYERS_CONVOLUTIONAL_BASE_CONV_TRANSPOSE_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// What the transposed convolutions of every rank share.
template <typename D, std::size_t Spatial> class ConvTransposeBase : public Layer<D> {
public:
  struct Options {
    ActivationFunction activation = {};
    Sizes strides = 1;
    std::string padding = "valid";
    std::optional<Sizes> output_padding = {};
    std::string data_format = "channels_last";
    Sizes dilation_rate = 1;
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

  ConvTransposeBase(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : filters(filters), kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->activity_regularizer = options.activity_regularizer;
  }

  void prepare() {
    check_positive(filters, "filters");
    kernel_size = kernel_size.expanded(Spatial, "kernel_size");
    expand_steps(options.strides, options.dilation_rate, Spatial);
    check_steps(options.strides, options.dilation_rate);
    check_padding(options.padding);
    is_channels_first(options.data_format);
    if (!options.output_padding)
      return;
    options.output_padding = options.output_padding->expanded(Spatial, "output_padding", 0);
    for (std::size_t i = 0; i < Spatial; ++i)
      if ((*options.output_padding)[i] >= options.strides[i])
        throw Error("output_padding (" + std::to_string((*options.output_padding)[i]) +
                    ") must be less than strides (" + std::to_string(options.strides[i]) + ")");
  }

  void build(const Shape &input) {
    Shape shape(static_cast<const std::vector<std::int64_t> &>(kernel_size));
    shape.push_back(filters);
    shape.push_back(known_channels(input, Spatial, options.data_format));
    kernel = this->add_weight("kernel", shape, kernel_options(options));
    if (options.use_bias)
      bias = this->add_weight("bias", {filters}, bias_options(options));
  }

  Value call(const Value &input, CallContext &) const {
    bool first = is_channels_first(options.data_format);
    Value x = to_channels_last(to_dtype(input, this->dtype()), first);
    Value y =
        conv_transpose(x, as_value(x.graph(), kernel),
                       {.strides = options.strides, .padding = options.padding, .dilations = options.dilation_rate},
                       options.output_padding.value_or(Sizes()));
    if (bias)
      y = y + bias;
    return options.activation(from_channels_last(y, first));
  }

  template <typename F> void fields(F &f) {
    f.required("filters", filters);
    f.required("kernel_size", kernel_size);
    f("strides", options.strides);
    f("padding", options.padding);
    f("output_padding", options.output_padding);
    f("data_format", options.data_format);
    f("dilation_rate", options.dilation_rate);
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
