#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(AdaptivePooling, Checks) {
  check_layer(AdaptiveMaxPooling1D(3), {.input_shape = {7, 2}, .expected_shape = {3, 2}});
  check_layer(AdaptiveAveragePooling2D({2, 4}), {.input_shape = {5, 3, 2}, .expected_shape = {2, 4, 2}});
  check_layer(AdaptiveMaxPooling2D({2, 3}, {.data_format = "channels_first"}),
              {.input_shape = {2, 5, 3}, .expected_shape = {2, 2, 3}});
  check_layer(AdaptiveAveragePooling3D(2), {.input_shape = {3, 4, 5, 1}, .expected_shape = {2, 2, 2, 1}});
}

TEST(AdaptivePooling, PartsOverlapWhereSizesDoNotDivide) {
  Tensor x{{{1.}, {5.}, {2.}, {9.}, {3.}}};
  expect_values(AdaptiveMaxPooling1D(3)(x), {5, 9, 9});
  expect_values(AdaptiveAveragePooling1D(3)(x), {3, 16.0f / 3, 6});
}

TEST(AdaptivePooling, RefusesOpenSizes) {
  try {
    AdaptiveMaxPooling1D(2, {.name = "pool"})(Input({none, 3}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "layer 'pool': needs known sizes, got shape (None, None, 3)");
  }
}
