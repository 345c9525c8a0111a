#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(DepthwiseConv, Checks) {
  check_layer(DepthwiseConv1D(3, {.padding = "same", .depth_multiplier = 2}),
              {.input_shape = {7, 3}, .expected_shape = {7, 6}});
  check_layer(DepthwiseConv2D({2, 3}, {.dilation_rate = 2}), {.input_shape = {6, 7, 3}, .expected_shape = {4, 3, 3}});
  check_layer(DepthwiseConv2D(3, {.strides = 2, .data_format = "channels_first"}),
              {.input_shape = {3, 7, 6}, .expected_shape = {3, 3, 2}});
}

TEST(DepthwiseConv, EachChannelByItself) {
  DepthwiseConv2D conv(2, {.depthwise_initializer = "ones"});
  Tensor x({1, 2, 2, 2}, DType::Float32);
  for (int i = 0; i < 8; ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
  expect_values(conv(x), {0 + 2 + 4 + 6, 1 + 3 + 5 + 7});
}

TEST(DepthwiseConv, TakesStridesWithDilation) {
  check_layer(DepthwiseConv2D(2, {.strides = 2, .dilation_rate = 2}),
              {.input_shape = {8, 8, 1}, .expected_shape = {3, 3, 1}});
}

TEST(SeparableConv, Checks) {
  check_layer(SeparableConv1D(4, 3, {.padding = "causal", .dilation_rate = 2}),
              {.input_shape = {8, 3}, .expected_shape = {8, 4}});
  check_layer(SeparableConv2D(4, 3, {.padding = "same", .depth_multiplier = 2}),
              {.input_shape = {5, 6, 3}, .expected_shape = {5, 6, 4}});
}
