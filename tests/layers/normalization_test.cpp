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

TEST(GroupNormalization, Checks) {
  check_layer(GroupNormalization(2), {.input_shape = {none, 6}, .expected_shape = {none, 6}});
  check_layer(GroupNormalization(-1, {.axis = 1}), {.input_shape = {2, 3, 4}, .expected_shape = {2, 3, 4}});
  EXPECT_THROW(GroupNormalization(4)(Tensor({1, 6}, DType::Float32)), Error);
}

TEST(RMSNormalization, Values) {
  Tensor x({1, 2}, DType::Float32);
  x.values<float>()[0] = 3;
  x.values<float>()[1] = 4;
  expect_values(RMSNormalization({.epsilon = 0})(x), {0.8485281f, 1.1313708f});
  check_layer(RMSNormalization(), {.input_shape = {3, 5}, .expected_shape = {3, 5}});
}

TEST(UnitNormalization, Values) {
  Tensor x({1, 2}, DType::Float32);
  x.values<float>()[0] = 3;
  x.values<float>()[1] = 4;
  expect_values(UnitNormalization()(x), {0.6f, 0.8f});
  check_layer(UnitNormalization({.axis = {1, 2}}), {.input_shape = {3, 5, 2}, .expected_shape = {3, 5, 2}});
}

TEST(Rescaling, Values) {
  Tensor x = Tensor::full({1, 2}, 2.0);
  expect_values(Rescaling(Config::list({0.5, 2.0}), -1.0)(x), {0, 3});
}

TEST(Rescaling, KeepsDoubles) {
  Tensor x = Tensor::full({1, 2}, 1.0, DType::Float64);
  Tensor y = Rescaling(Config::list({0.1, 0.2}), 0.0, {.dtype = "float64"})(x);
  EXPECT_EQ(y.values<double>()[0], 0.1);
  EXPECT_EQ(y.values<double>()[1], 0.2);
}

TEST(SpectralNormalization, Checks) {
  check_layer(SpectralNormalization(Dense(4)), {.input_shape = {5}, .expected_shape = {4}});
  check_layer(SpectralNormalization(Conv2D(3, {2, 2}), {.power_iterations = 2}),
              {.input_shape = {4, 4, 2}, .expected_shape = {3, 3, 3}});
}

TEST(SpectralNormalization, Values) {
  SpectralNormalization layer(Dense(2, {.use_bias = false}), {.power_iterations = 2});
  Tensor x{{1., 2., 3.}};
  layer(x);
  layer.set_weights({Tensor{{1., 2.}, {3., -4.}, {0.5, 1.}}, Tensor{{0.6, 0.8}}});
  expect_values(layer(x), {8.5f, -3});
  expect_values(layer(x, true), {1.670978f, -0.5897568f});
  // What a call in training makes of the weights stays.
  ASSERT_EQ(layer.get_weights().size(), 2u);
  expect_values(layer.get_weights()[0], {0.1965856f, 0.3931713f, 0.5897568f, -0.7863425f, 0.09829281f, 0.1965856f});
  expect_values(layer.get_weights()[1], {-0.4380873f, 0.8989324f});
}

TEST(SpectralNormalization, TrainingStepsMoveTheKernelItself) {
  SpectralNormalization layer(Dense(2, {.use_bias = false}));
  KerasTensor input = Input({3});
  Model model(input, layer(input));
  Tensor kernel{{1., 2.}, {3., -4.}, {0.5, 1.}};
  layer.set_weights({kernel, Tensor{{0.6, 0.8}}});
  model.compile({.optimizer = SGD({.learning_rate = 0.0}), .loss = "mean_squared_error"});
  model.train_on_batch(Tensor{{1., 2., 3.}}, Tensor{{0., 0.}});
  expect_values(layer.get_weights()[0], {1, 2, 3, -4, 0.5f, 1});
  EXPECT_NE(layer.get_weights()[1].values<float>()[0], 0.6f);
}

TEST(SpectralNormalization, KernelOfZeros) {
  SpectralNormalization layer(Dense(2, {.kernel_initializer = "zeros"}));
  expect_values(layer(Tensor{{1., 2.}}, true), {0, 0});
}

TEST(SpectralNormalization, RefusesLayersWithoutKernel) {
  try {
    SpectralNormalization(Flatten({.name = "flat"}), {.name = "s"})(Input({3}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "layer 's': layer 'flat' has neither a kernel nor embeddings");
  }
}
