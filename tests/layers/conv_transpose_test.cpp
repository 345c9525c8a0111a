#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

void check_values(const Conv1DTranspose::Options &options, const std::vector<float> &expected) {
  Conv1DTranspose layer(1, 3, options);
  Tensor x({1, 3, 1}, DType::Float32);
  for (int i = 0; i < 3; ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
  layer(x);
  layer.set_weights({Tensor(x + 1.0).reshape({3, 1, 1})});
  expect_values(layer(x), expected);
}

} // namespace

TEST(ConvTranspose, Checks) {
  check_layer(Conv1DTranspose(3, 2, {.activation = "tanh", .strides = 2}),
              {.input_shape = {none, 2}, .expected_shape = {none, 3}, .expected_open = 8});
  check_layer(Conv1DTranspose(3, 4, {.strides = 3, .padding = "same", .output_padding = 1}),
              {.input_shape = {none, 2}, .expected_shape = {none, 3}, .expected_open = 10});
  check_layer(Conv1DTranspose(3, 3, {.dilation_rate = 2}),
              {.input_shape = {none, 2}, .expected_shape = {none, 3}, .expected_open = 8});
  check_layer(Conv2DTranspose(3, {2, 3}, {.strides = {1, 2}, .padding = "same", .use_bias = false}),
              {.input_shape = {3, 4, 2}, .expected_shape = {3, 8, 3}});
  check_layer(Conv2DTranspose(3, 2, {.data_format = "channels_first"}),
              {.input_shape = {2, 3, 4}, .expected_shape = {3, 4, 5}});
  check_layer(Conv3DTranspose(2, 2, {.strides = 2}), {.input_shape = {2, 1, 3, 2}, .expected_shape = {4, 2, 6, 2}});
}

TEST(ConvTranspose, Values) {
  check_values({.strides = 2, .use_bias = false}, {0, 0, 1, 2, 5, 4, 6});
  check_values({.strides = 2, .padding = "same", .use_bias = false}, {0, 0, 1, 2, 5, 4});
  check_values({.strides = 2, .padding = "same", .output_padding = 0, .use_bias = false}, {0, 1, 2, 5, 4});
  check_values({.strides = 3, .output_padding = 2, .use_bias = false}, {0, 0, 0, 1, 2, 3, 2, 4, 6, 0, 0});
}

TEST(ConvTranspose, Errors) {
  Tensor x = Tensor::full({1, 3, 1}, 1.0);
  EXPECT_THROW(Conv1DTranspose(1, 2, {.strides = 2, .output_padding = 2})(x), Error);
  EXPECT_THROW(Conv1DTranspose(1, 2, {.strides = 2, .dilation_rate = 2})(x), Error);
  EXPECT_THROW(Conv1DTranspose(1, 2, {.padding = "causal"})(x), Error);
}
