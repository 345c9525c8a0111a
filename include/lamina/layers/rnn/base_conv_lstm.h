#ifndef LAMINA_LAYERS_RNN_BASE_CONV_LSTM_H
#define LAMINA_LAYERS_RNN_BASE_CONV_LSTM_H

#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// Arguments of the convolutional LSTMs and of their cells.
#define LAMINA_CONV_LSTM_OPTIONS                                                                                       \
  Sizes strides = 1;                                                                                                   \
  std::string padding = "valid";                                                                                       \
  std::string data_format = "channels_last";                                                                           \
  Sizes dilation_rate = 1;                                                                                             \
  ActivationFunction activation = "tanh";                                                                              \
  ActivationFunction recurrent_activation = "sigmoid";                                                                 \
  bool use_bias = true;                                                                                                \
  bool unit_forget_bias = true

/// The cell of the convolutional LSTMs: LSTMCell with convolutions for products.
template <std::size_t Spatial> class ConvLSTMCell : public RNNCell<ConvLSTMCell<Spatial>> {
public:
  struct Options {
    LAMINA_CONV_LSTM_OPTIONS;
    LAMINA_CELL_OPTIONS;
    LAMINA_COMMON_OPTIONS;
  };

  ConvLSTMCell() : ConvLSTMCell(1, 1, Options()) {}
  ConvLSTMCell(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : filters(filters), kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  std::string class_name() const override { return "ConvLSTMCell"; }

  void check() const override {
    check_positive(filters, "filters");
    kernel_size.expanded(Spatial, "kernel_size");
    Sizes strides = options.strides, dilation_rate = options.dilation_rate;
    expand_steps(strides, dilation_rate, Spatial);
    check_padding(options.padding);
    is_channels_first(options.data_format);
    check_dropout(options.dropout, options.recurrent_dropout);
  }

  void prepare() {
    check();
    kernel_size = kernel_size.expanded(Spatial, "kernel_size");
    expand_steps(options.strides, options.dilation_rate, Spatial);
    check_steps(options.strides, options.dilation_rate);
  }

  std::vector<Shape> state_shapes() const override { return {state_shape, state_shape}; }
  bool output_is_state() const override { return true; }

  void build(const std::vector<Shape> &inputs) {
    input_shape = inputs.at(0);
    std::int64_t channels = known_channels(input_shape, Spatial, options.data_format);
    std::int64_t first = channels_first() ? 2 : 1;
    for (std::size_t i = 0; i < Spatial; ++i) {
      std::int64_t size = input_shape[first + static_cast<std::int64_t>(i)];
      if (size == none)
        throw Error("the sizes of the images must be known, got shape " + input_shape.str());
      std::int64_t stride = options.strides[i], reach = options.dilation_rate[i] * (kernel_size[i] - 1);
      std::int64_t steps = options.padding == "same" ? (size + stride - 1) / stride : (size - reach - 1) / stride + 1;
      if (steps < 1 || (options.padding != "same" && size <= reach))
        throw Error("a kernel of size " + std::to_string(kernel_size[i]) + " does not fit an image of shape " +
                    input_shape.str());
      state_shape.push_back(steps);
    }
    if (channels_first())
      state_shape = Shape{filters}.concat(state_shape);
    else
      state_shape.push_back(filters);

    auto kernel_shape = [&](std::int64_t from) {
      Shape shape(static_cast<const std::vector<std::int64_t> &>(kernel_size));
      return shape.concat({from, 4 * filters});
    };
    kernel = this->add_weight("kernel", kernel_shape(channels), kernel_options(options));
    recurrent_kernel = this->add_weight("recurrent_kernel", kernel_shape(filters),
                                        {.initializer = options.recurrent_initializer,
                                         .regularizer = options.recurrent_regularizer,
                                         .constraint = options.recurrent_constraint});
    if (!options.use_bias)
      return;
    bias = this->add_weight("bias", {4 * filters}, bias_options(options));
    if (options.unit_forget_bias)
      set_forget_bias(bias, filters, options.bias_initializer);
  }

  CellRun begin(const Dim &batch, CallContext &context) override {
    Values input_masks, hidden_masks;
    if (drops(options.dropout, context))
      input_masks = dropout_masks(4, with_batch(batch, input_shape.subshape(1, Spatial + 2)), options.dropout, context,
                                  options.seed);
    if (drops(options.recurrent_dropout, context))
      hidden_masks = dropout_masks(4, with_batch(batch, state_shape), options.recurrent_dropout, context, options.seed);
    return {[this, input_masks](const Value &x) { return project(x, input_masks); },
            [this, hidden_masks](const Value &x, const Values &states) { return step(x, states, hidden_masks); }};
  }

  Values call(const Values &inputs, CallContext &context) { return this->run_once(inputs, context); }

  std::int64_t filters;
  Sizes kernel_size;
  Options options;
  Variable kernel, recurrent_kernel, bias;

private:
  bool channels_first() const { return is_channels_first(options.data_format); }
  std::int64_t channel_axis() const { return channels_first() ? 1 : -1; }

  static Dims with_batch(const Dim &batch, const Shape &shape) {
    Dims dims{batch};
    for (std::int64_t size : shape)
      dims.push_back(Dim(size));
    return dims;
  }

  /// One convolution where all gates see the same operand; all gates' channels side by side.
  static Value gates_of(const Values &operands, const Value &weights, std::int64_t filters,
                        const WindowOptions &window) {
    if (operands.size() == 1)
      return conv(operands[0], weights, window);
    Values parts;
    for (std::int64_t i = 0; i < 4; ++i)
      parts.push_back(
          conv(operands[static_cast<std::size_t>(i)], slice_axis(weights, -1, i * filters, (i + 1) * filters), window));
    return concatenate(parts);
  }

  Value project(const Value &x, const Values &masks) const {
    Values inputs;
    for (const Value &mask : masks)
      inputs.push_back(x * mask);
    if (inputs.empty())
      inputs.push_back(x);
    bool all_steps = x.rank() == static_cast<std::int64_t>(Spatial) + 3;
    // All steps at once: time is one more axis of the image, along which the kernel has size 1.
    Value weights = as_value(x.graph(), kernel);
    WindowOptions window{.strides = options.strides, .padding = options.padding, .dilations = options.dilation_rate};
    if (all_steps) {
      weights = expand_dims(weights, 0);
      window.strides.insert(window.strides.begin(), 1);
      window.dilations.insert(window.dilations.begin(), 1);
    }
    for (Value &input : inputs)
      input = all_steps ? images_with_time(input) : to_channels_last(input, channels_first());
    Value y = gates_of(inputs, weights, filters, window);
    if (bias)
      y = y + bias;
    if (!all_steps)
      return from_channels_last(y, channels_first());
    std::vector<std::int64_t> axes{1, 0};
    if (channels_first())
      axes.push_back(y.rank() - 1);
    for (std::int64_t i = 2; i < y.rank() - (channels_first() ? 1 : 0); ++i)
      axes.push_back(i);
    return transpose(y, axes);
  }

  /// (time, batch, …) → (batch, time, spatial…, channels)
  Value images_with_time(const Value &x) const {
    std::vector<std::int64_t> axes{1, 0};
    for (std::int64_t i = channels_first() ? 3 : 2; i < x.rank(); ++i)
      axes.push_back(i);
    if (channels_first())
      axes.push_back(2);
    return transpose(x, axes);
  }

  Values step(const Value &x, const Values &states, const Values &masks) const {
    Values hidden;
    for (const Value &mask : masks)
      hidden.push_back(to_channels_last(states[0] * mask, channels_first()));
    if (hidden.empty())
      hidden.push_back(to_channels_last(states[0], channels_first()));
    Value h = gates_of(hidden, as_value(x.graph(), recurrent_kernel), filters,
                       {.strides = std::vector<std::int64_t>(Spatial, 1), .padding = "same"});
    Values z = split(x + from_channels_last(h, channels_first()), 4, channel_axis());
    const ActivationFunction &gate = options.recurrent_activation, &act = options.activation;
    Value c = gate(z[1]) * states[1] + gate(z[0]) * act(z[2]);
    Value y = gate(z[3]) * act(c);
    return {y, y, c};
  }

  Shape input_shape, state_shape;
};

/// What the convolutional LSTMs of every rank share: LSTM with convolutions for products,
///
///     i, f, o = recurrent_activation(x * W + h * U + b)
///     c ← f · c + i · activation(x * W_c + h * U_c + b_c);  h ← o · activation(c)
///
/// (batch, time, spatial…, channels) → (batch, spatial…, filters), with time where return_sequences is set, and the
/// channels before the image for channels_first. x * W has strides, padding and dilation_rate; h * U keeps the size.
/// Errors: images of unknown size. Shi et al., 2015.
template <typename D, std::size_t Spatial> class ConvLSTMBase : public RecurrentLoop<D> {
public:
  static constexpr std::size_t input_rank = Spatial + 3;

  struct Options {
    LAMINA_CONV_LSTM_OPTIONS;
    LAMINA_RECURRENT_OPTIONS;
  };

  ConvLSTMBase(std::int64_t filters, const Sizes &kernel_size, const Options &options)
      : filters(filters), kernel_size(kernel_size), options(options) {
    this->init(options.name, options.trainable, options.dtype);
    this->activity_regularizer = options.activity_regularizer;
  }

  std::shared_ptr<LayerBase> make_cell() {
    kernel_size = kernel_size.expanded(Spatial, "kernel_size");
    expand_steps(options.strides, options.dilation_rate, Spatial);
    check_steps(options.strides, options.dilation_rate);
    using Cell = ConvLSTMCell<Spatial>;
    // As in Keras, whose other recurrent layers freeze their cells with themselves.
    auto cell =
        cell_options<typename Cell::Options>(options, this->dtype_policy_, /*trainable=*/true, "conv_lstm_cell");
    cell.strides = options.strides;
    cell.padding = options.padding;
    cell.data_format = options.data_format;
    cell.dilation_rate = options.dilation_rate;
    return std::make_shared<Cell>(filters, kernel_size, cell);
  }

  template <typename F> void fields(F &f) {
    this->loop_fields(f, options);
    f.required("filters", filters);
    f.required("kernel_size", kernel_size);
    f("strides", options.strides);
    f("padding", options.padding);
    f("data_format", options.data_format);
    f("dilation_rate", options.dilation_rate);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    f("unit_forget_bias", options.unit_forget_bias);
    cell_weight_fields(f, options);
    f.optional("activity_regularizer", this->activity_regularizer);
  }

  std::int64_t filters;
  Sizes kernel_size;
  Options options;
};

} // namespace lamina::layers

#endif
