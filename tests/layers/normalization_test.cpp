#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(BatchNormalization, Checks) {
  check_layer(BatchNormalization(), {.input_shape = {4}, .expected_shape = {4}});
  check_layer(BatchNormalization({.axis = 1, .center = false}), {.input_shape = {3, 4}, .expected_shape = {3, 4}});
}

TEST(BatchNormalization, MovesItsStatistics) {
  KerasTensor input = Input({1});
  BatchNormalization layer({.momentum = 0.5, .epsilon = 0.0});
  Model model(input, layer(input));
  Tensor y = model.run({Tensor{{1.}, {3.}}}, {.training = true})[0];
  expect_values(y, {-1, 1});
  std::vector<Variable> weights = model.weights();
  EXPECT_FLOAT_EQ(weights[2].value().item<float>(), 1.0f);
  EXPECT_FLOAT_EQ(weights[3].value().item<float>(), 1.0f);
  expect_values(model.predict(Tensor{{1.}, {3.}}), {0, 2});
}

TEST(BatchNormalization, FrozenUsesMovingStatistics) {
  KerasTensor input = Input({1});
  Model model(input, BatchNormalization({.epsilon = 0.0, .trainable = false})(input));
  expect_values(model.run({Tensor{{1.}, {3.}}}, {.training = true})[0], {1, 3});
}

TEST(LayerNormalization, Checks) {
  check_layer(LayerNormalization(), {.input_shape = {5}, .expected_shape = {5}});
  check_layer(LayerNormalization({.axis = {1, 2}}), {.input_shape = {3, 4}, .expected_shape = {3, 4}});
}

TEST(LayerNormalization, Values) {
  expect_values(LayerNormalization({.epsilon = 0.0})(Tensor{{1., 3.}, {5., 1.}}), {-1, 1, 1, -1});
}
