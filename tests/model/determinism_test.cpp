// One seed, one result: whatever the number of threads. One function: whatever the batch.

#include <gtest/gtest.h>

#include <lamina/lamina.h>

#include <algorithm>
#include <cmath>

using namespace lamina;
using namespace lamina::layers;

namespace {

Tensor waves(const Shape &shape) {
  Tensor result(shape, DType::Float32);
  std::int64_t i = 0;
  for (float &x : result.values<float>())
    x = std::sin(0.37f * static_cast<float>(i++));
  return result;
}

void expect_same(const Tensor &a, const Tensor &b) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_TRUE(std::ranges::equal(a.values<float>(), b.values<float>()));
}

bool differs(const Tensor &a, const Tensor &b) { return !std::ranges::equal(a.values<float>(), b.values<float>()); }

struct Trained {
  std::vector<Tensor> weights;
  std::vector<double> loss;
};

/// Two epochs over shuffled rows, the last batch of each a short one, with dropout between the layers.
Trained train(int threads, std::uint64_t seed) {
  set_random_seed(3);
  Sequential model({Input({32}), Dense(64, {.activation = "tanh"}), Dropout(0.4), Dense(4)});
  model.compile({.optimizer = SGD({.learning_rate = 0.05}), .loss = "mean_squared_error"});
  Tensor x = waves({500, 32}), y = waves({500, 4});
  History history = model.fit(
      x, y, {.epochs = 2, .batch_size = 128, .shuffle = true, .verbose = 0, .seed = seed, .threads = threads});
  EXPECT_EQ(model.compilations(), 1);
  std::vector<Tensor> weights;
  for (const Variable &weight : model.weights())
    weights.push_back(weight.value());
  return {weights, history["loss"]};
}

} // namespace

TEST(Determinism, DropoutIsTheSameOnOneAndTwoThreads) {
  Sequential model({Input({1024}), Dropout(0.3)});
  std::vector<Tensor> x{Tensor::full({256, 1024}, 1.0)};
  auto run = [&](std::uint64_t seed, int threads) {
    return model.run(x, {.training = true, .seed = seed, .threads = threads})[0];
  };
  Tensor one = run(7, 1);
  expect_same(run(7, 2), one);
  expect_same(run(7, 1), one);
  EXPECT_TRUE(differs(run(8, 1), one));
}

TEST(Determinism, TrainingIsTheSameOnOneAndTwoThreads) {
  Trained one = train(1, 11), two = train(2, 11), other = train(1, 12);
  ASSERT_EQ(one.weights.size(), two.weights.size());
  for (std::size_t i = 0; i < one.weights.size(); ++i)
    expect_same(two.weights[i], one.weights[i]);
  EXPECT_EQ(one.loss, two.loss);
  EXPECT_NE(one.loss, other.loss);
}

TEST(Determinism, OneCompilationForAllBatchesAndLengths) {
  Sequential model({Input({none, 3}), LSTM(4), Dense(2)});
  for (std::int64_t batch : {1, 3, 32})
    for (std::int64_t length : {1, 7})
      EXPECT_EQ(model.predict(waves({batch, length, 3})).shape(), Shape({batch, 2}));
  EXPECT_EQ(model.compilations(), 1);
  model.compile({.optimizer = SGD({.learning_rate = 0.01}), .loss = "mean_squared_error"});
  for (std::int64_t batch : {1, 5, 32})
    model.train_on_batch(waves({batch, 4, 3}), waves({batch, 2}));
  EXPECT_EQ(model.compilations(), 2);
}
