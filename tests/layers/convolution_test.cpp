#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(Conv2D, OneChannelOverAnOpenWidth) {
  // The kernel's gradient reads rows that overlap, under a mask.
  check_layer(Conv2D(1, {2, 1}), {.input_shape = {4, none, 1}, .expected_shape = {3, none, 1}});
}

TEST(Conv2D, Valid) { check_layer(Conv2D(4, 3), {.input_shape = {6, 5, 2}, .expected_shape = {4, 3, 4}}); }

TEST(Conv2D, StridesAndPadding) {
  check_layer(Conv2D(4, {3, 2}, {.activation = "relu", .strides = 2, .padding = "same"}),
              {.input_shape = {6, 5, 2}, .expected_shape = {3, 3, 4}, .gradient = false});
}

TEST(Conv2D, Dilation) {
  check_layer(Conv2D(4, 2, {.dilation_rate = 2, .use_bias = false}),
              {.input_shape = {6, 5, 2}, .expected_shape = {4, 3, 4}});
}

TEST(Conv2D, Groups) {
  check_layer(Conv2D(4, 3, {.groups = 2}), {.input_shape = {5, 5, 4}, .expected_shape = {3, 3, 4}});
}

TEST(Conv2D, ChannelsFirst) {
  check_layer(Conv2D(3, 3, {.data_format = "channels_first"}), {.input_shape = {2, 6, 5}, .expected_shape = {3, 4, 3}});
}

TEST(Conv2D, OpenWidthOfOneChannel) {
  check_layer(Conv2D(1, {2, 1}), {.input_shape = {2, none, 1}, .expected_shape = {1, none, 1}});
}

TEST(Conv2D, Values) {
  Conv2D conv(1, 2, {.kernel_initializer = "ones"});
  Tensor x({1, 3, 3, 1}, DType::Float32);
  for (int i = 0; i < 9; ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
  expect_values(conv(x), {8, 12, 20, 24});
}

TEST(Pooling, Checks) {
  check_layer(MaxPooling2D(2), {.input_shape = {6, 5, 2}, .expected_shape = {3, 2, 2}, .gradient = false});
  check_layer(AveragePooling2D(2, {.strides = 1, .padding = "same"}),
              {.input_shape = {4, 5, 2}, .expected_shape = {4, 5, 2}});
  check_layer(GlobalAveragePooling2D(), {.input_shape = {4, 5, 2}, .expected_shape = {2}});
  check_layer(GlobalAveragePooling2D({.data_format = "channels_first", .keepdims = true}),
              {.input_shape = {2, 4, 5}, .expected_shape = {2, 1, 1}});
}

TEST(Pooling, PaddingTakesNoPart) {
  Tensor x = Tensor::full({1, 3, 3, 1}, 2.0);
  expect_values(AveragePooling2D(2, {.padding = "same"})(x), {2, 2, 2, 2});
}
