#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(Dense, Checks) {
  check_layer(Dense(4), {.input_shape = {5}, .expected_shape = {4}});
  check_layer(Dense(4, {.activation = "tanh", .use_bias = false}), {.input_shape = {3, 5}, .expected_shape = {3, 4}});
  check_layer(Dense(2, {.activation = "softmax"}), {.input_shape = {none, 5}, .expected_shape = {none, 2}});
}

TEST(Dense, Values) {
  Dense dense(2, {.kernel_initializer = "ones", .bias_initializer = initializers::constant(0.5)});
  expect_values(dense(Tensor{{1., 2., 3.}}), {6.5f, 6.5f});
}

TEST(Dense, GradientOfALongSum) {
  // More steps than one block holds, and a rest.
  constexpr std::int64_t batch = 3, steps = 1501, features = 24, units = 40;
  KerasTensor input = Input({none, features});
  Model model(input, Dense(units, {.use_bias = false})(input));
  Tensor x = lamina::test::random_data({batch, steps, features}, DType::Float32, 0, 1);
  Tensor cotangent = lamina::test::random_data({batch, steps, units}, DType::Float32, 0, 2);
  Tensor gradient = model.gradients({x}, {cotangent}).weights[0];
  for (std::int64_t i = 0; i < features; ++i)
    for (std::int64_t j = 0; j < units; ++j) {
      double sum = 0;
      for (std::int64_t row = 0; row < batch * steps; ++row)
        sum += double(x.values<float>()[size_t(row * features + i)]) *
               double(cotangent.values<float>()[size_t(row * units + j)]);
      ASSERT_NEAR(double(gradient.values<float>()[size_t(i * units + j)]), sum, 1e-2) << i << ", " << j;
    }
}

TEST(Dense, RefusesNoUnits) {
  try {
    Dense(0, {.name = "nothing"})(Input({4}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "layer 'nothing': units must be a positive integer, got 0");
  }
}

TEST(Embedding, Checks) {
  check_layer(Embedding(5, 3), {.input_shape = {4}, .input_dtype = DType::Int32, .expected_shape = {4, 3}});
  check_layer(Embedding(5, 1), {.input_shape = {4}, .input_dtype = DType::Int32, .expected_shape = {4, 1}});
  check_layer(Embedding(5, 3, {.mask_zero = true}),
              {.input_shape = {none}, .input_dtype = DType::Int32, .expected_shape = {none, 3}});
}

namespace {
const Tensor table{{1., 2.}, {3., -4.}, {0.5, 1.}};
}

TEST(ReversibleEmbedding, Checks) {
  check_layer(ReversibleEmbedding(5, 3), {.input_shape = {4}, .input_dtype = DType::Int32, .expected_shape = {4, 3}});
  check_layer(ReversibleEmbedding(5, 3, {.tie_weights = false, .mask_zero = true}),
              {.input_shape = {none}, .input_dtype = DType::Int32, .expected_shape = {none, 3}});
}

TEST(ReversibleEmbedding, Values) {
  ReversibleEmbedding layer(3, 2, {.logit_soft_cap = 2.0});
  KerasTensor ids = Input({2}, {.dtype = DType::Int32}), hidden = Input({2});
  Model model({ids, hidden}, std::vector{layer(ids), layer(hidden, {.reverse = true})});
  layer.set_weights({table});
  std::vector<Tensor> y = model.predict({Tensor{{2, 0}}, Tensor{{1., 0.5}}});
  expect_values(y[0], {0.5f, 1, 1, 2});
  expect_values(y[1], {1.523188f, 0.9242343f, 0.9242343f});
}

TEST(ReversibleEmbedding, Untied) {
  ReversibleEmbedding layer(3, 2, {.tie_weights = false, .reverse_dtype = "float64"});
  KerasTensor hidden = Input({2});
  Model model(hidden, layer(hidden, {.reverse = true}));
  layer.set_weights({table, Tensor{{0., 1., 2.}, {3., 4., 5.}}});
  Tensor y = model.predict(Tensor{{1., 0.5}});
  EXPECT_EQ(y.dtype(), DType::Float64);
  expect_values(y.astype(DType::Float32), {1.5f, 3, 4.5f});
}

TEST(ReversibleEmbedding, MasksForwardsOnly) {
  ReversibleEmbedding layer(5, 3, {.mask_zero = true});
  KerasTensor ids = Input({4}, {.dtype = DType::Int32});
  KerasTensor embedded = layer(ids);
  Model forwards(ids, GlobalAveragePooling1D()(embedded));
  Model back(ids, GlobalAveragePooling1D()(layer(embedded, {.reverse = true})));
  layer.set_weights({Tensor{{9., 9., 9.}, {1., 2., 3.}, {3., 4., 5.}, {0., 0., 0.}, {0., 0., 0.}}});
  expect_values(forwards.predict(Tensor{{1, 2, 0, 0}}), {2, 3, 4});
  // Nothing masks the products.
  expect_values(back.predict(Tensor{{1, 2, 0, 0}}), {162, 37, 73, 0, 0}, 1e-3f);
}

TEST(ReversibleEmbedding, RefusesOtherTypes) {
  try {
    ReversibleEmbedding(3, 2, {.reverse_dtype = "float16", .name = "e"})(Input({2}, {.dtype = DType::Int32}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "layer 'e': reverse_dtype must be float32 or float64, got 'float16'");
  }
}

TEST(Pipeline, Checks) {
  check_layer(Pipeline({Dense(3, {.activation = "tanh"}), Dense(2)}), {.input_shape = {4}, .expected_shape = {2}});
  Pipeline pipeline(
      {Dense(3, {.kernel_initializer = "ones"}), Activation("relu"), Dense(1, {.kernel_initializer = "ones"})});
  expect_values(pipeline(Tensor{{1., 2.}, {-3., 1.}}), {9, 0});
  // Nothing but these: Keras's class takes no more.
  Config config = pipeline.serialized_config();
  EXPECT_EQ(config.size(), 2u);
  EXPECT_EQ(config["layers"].size(), 3u);
}

TEST(TimeDistributed, TrainableIsEachLayersOwn) {
  // As in Keras: the argument freezes a layer's own weights, set_trainable those inside as well.
  TimeDistributed outer(Dense(2), {.trainable = false});
  KerasTensor input = Input({3, 4});
  Model model(input, outer(input));
  EXPECT_EQ(model.trainable_weights().size(), 2u);
  EXPECT_EQ(outer.trainable_weights().size(), 0u);
  outer.set_trainable(false);
  EXPECT_EQ(model.trainable_weights().size(), 0u);
}

TEST(Shapes, Checks) {
  check_layer(Flatten(), {.input_shape = {2, 3, 4}, .expected_shape = {24}});
  check_layer(Flatten({.data_format = "channels_first"}), {.input_shape = {2, 3, 4}, .expected_shape = {24}});
  check_layer(Reshape({-1, 2}), {.input_shape = {3, 4}, .expected_shape = {6, 2}});
  check_layer(Permute({2, 1}), {.input_shape = {3, 4}, .expected_shape = {4, 3}});
  check_layer(RepeatVector(3), {.input_shape = {4}, .expected_shape = {3, 4}});
}

TEST(Shapes, Refuse) {
  EXPECT_THROW(Reshape({5})(Input({4})), Error);
  EXPECT_THROW(Permute({1, 1})(Input({4, 4})), Error);
}

TEST(Dropout, KeepsTheMean) {
  Dropout dropout(0.4);
  Tensor x = Tensor::full({100, 100}, 1.0);
  Tensor y = dropout(x, true);
  double sum = 0;
  int zeros = 0;
  for (float element : y.values<float>()) {
    sum += element;
    zeros += element == 0.0f;
  }
  EXPECT_NEAR(sum / 1e4, 1.0, 0.05);
  EXPECT_NEAR(zeros / 1e4, 0.4, 0.03);
  expect_values(dropout(Tensor{1., 2.}), {1, 2});
}

TEST(Dropout, SameBitsFromTheSameSeed) {
  KerasTensor input = Input({50});
  Model model(input, Dropout(0.5)(input));
  Tensor x = Tensor::full({8, 50}, 1.0);
  Tensor one = model.run({x}, {.training = true, .seed = 3, .threads = 1})[0],
         two = model.run({x}, {.training = true, .seed = 3, .threads = 2})[0],
         other = model.run({x}, {.training = true, .seed = 4})[0];
  EXPECT_TRUE(std::equal(one.values<float>().begin(), one.values<float>().end(), two.values<float>().begin()));
  EXPECT_FALSE(std::equal(one.values<float>().begin(), one.values<float>().end(), other.values<float>().begin()));
}

TEST(Merging, Values) {
  KerasTensor a = Input({2}), b = Input({2});
  Model model({a, b}, std::vector<KerasTensor>{Add()(std::vector{a, b}), Multiply()(std::vector{a, b}),
                                               Concatenate()(std::vector{a, b})});
  std::vector<Tensor> y = model.predict({Tensor{{1., 2.}}, Tensor{{3., 4.}}});
  expect_values(y[0], {4, 6});
  expect_values(y[1], {3, 8});
  expect_values(y[2], {1, 2, 3, 4});
}

// As Keras's: a masked step of one input leaves the other's; where both are masked, products are 0.
TEST(Merging, MaskedStepsStandBack) {
  KerasTensor a = Input({3, 1}), b = Input({3, 1});
  std::vector<KerasTensor> both{Masking()(a), Masking()(b)}, one{a, Masking()(b)};
  Model model({a, b}, std::vector<KerasTensor>{Multiply()(both), Maximum()(both), Minimum()(both), Multiply()(one),
                                               Maximum()(one), Add()(both)});
  std::vector<Tensor> y = model.predict({Tensor{{{-2.}, {0.}, {0.}}}, Tensor{{{-3.}, {-4.}, {0.}}}});
  expect_values(y[0], {6, -4, 0});
  expect_values(y[1], {-2, -4, 0});
  expect_values(y[2], {-3, -4, 0});
  expect_values(y[3], {6, 0, 0});
  expect_values(y[4], {-2, 0, 0});
  expect_values(y[5], {-5, -4, 0});
}
