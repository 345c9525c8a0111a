#include <gtest/gtest.h>

#include <lamina/lamina.h>

#include <cmath>
#include <filesystem>
#include <sstream>

using namespace lamina;
using namespace lamina::layers;

namespace {

struct SwiGlu : Layer<SwiGlu> {
  explicit SwiGlu(int units) : units(units) {}
  void build(Shape input) {
    gate = add_weight("gate", {input.back(), units});
    up = add_weight("up", {input.back(), units});
  }
  auto call(auto x, CallContext) const { return silu(dot(x, gate)) * dot(x, up); }
  Config get_config() const { return {{"units", units}}; }
  static SwiGlu from_config(const Config &config) { return SwiGlu(config["units"]); }

  int units;
  Variable gate, up;
};
LAMINA_REGISTER_LAYER(SwiGlu, "mylib");

struct Block : Layer<Block> {
  Block() : dense(4, {.activation = "relu"}), out(2) {}
  Value call(const Value &x, CallContext) { return out(dense(x)); }
  Dense dense, out;
};

std::string temporary(const std::string &name) {
  return (std::filesystem::temp_directory_path() / ("lamina_model_test_" + name)).string();
}

Tensor ramp(const Shape &shape) {
  Tensor result(shape, DType::Float32);
  std::int64_t i = 0;
  for (float &x : result.values<float>())
    x = std::sin(static_cast<float>(i++));
  return result;
}

void expect_equal(const Tensor &a, const Tensor &b, float tolerance = 0) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::size_t i = 0; i < a.values<float>().size(); ++i)
    ASSERT_NEAR(a.values<float>()[i], b.values<float>()[i], tolerance);
}

} // namespace

TEST(Model, Summary) {
  Sequential model({Input({4}), Dense(8, {.activation = "relu", .name = "hidden"}), Dense(3, {.name = "last"})},
                   {.name = "small"});
  std::ostringstream text;
  model.summary(text);
  EXPECT_NE(text.str().find("Model: \"small\""), std::string::npos);
  EXPECT_NE(text.str().find("hidden (Dense)"), std::string::npos);
  EXPECT_NE(text.str().find(" Total params: 67 (268.00 B)"), std::string::npos);
}

TEST(Model, SequentialLearns) {
  Sequential model({Input({3}), Dense(8, {.activation = "tanh"}), Dense(1)});
  model.compile({.optimizer = Adam({.learning_rate = 0.02}), .loss = "mean_squared_error", .metrics = {"mae"}});
  Tensor x = ramp({60, 3}), y = sum(x, -1, true);
  History history = model.fit(x, y, {.epochs = 30, .batch_size = 16, .validation_split = 0.2, .verbose = 0});
  EXPECT_EQ(history["loss"].size(), 30u);
  EXPECT_LT(history["loss"].back(), 0.2 * history["loss"].front());
  EXPECT_EQ(history["val_mae"].size(), 30u);
  Scores scores = model.evaluate(x, y);
  EXPECT_EQ(scores[0].first, "loss");
  EXPECT_LT(scores[0].second, 0.2 * history["loss"].front());
}

TEST(Model, OneCompilationForAllBatches) {
  Sequential model({Input({3}), Dense(2)});
  for (std::int64_t batch : {1, 3, 32})
    EXPECT_EQ(model.predict(ramp({batch, 3})).shape(), Shape({batch, 2}));
  EXPECT_EQ(model.compilations(), 1);
}

TEST(Model, SharedLayersShareWeights) {
  KerasTensor a = Input({3}), b = Input({3});
  Dense tower(4);
  Model model({a, b}, tower(a) - tower(b));
  EXPECT_EQ(model.weights().size(), 2u);
  Tensor x = ramp({2, 3}), difference = model.predict({x, x})[0];
  for (float element : difference.values<float>())
    EXPECT_EQ(element, 0.0f);
}

TEST(Model, OperationsAreSaved) {
  KerasTensor a = Input({3}), b = Input({3});
  Model model({a, b}, std::vector<KerasTensor>{relu(a * 2.0 - b), softmax(a + b), mean(a, -1)});
  std::vector<Tensor> x{ramp({2, 3}), ramp({2, 3})};
  std::vector<Tensor> expected = model.predict(x);
  model.save(temporary("ops.keras"));
  std::vector<Tensor> found = load_model(temporary("ops.keras")).predict(x);
  for (std::size_t i = 0; i < 3; ++i)
    expect_equal(found[i], expected[i]);
}

TEST(Model, NestedModelsAreSaved) {
  KerasTensor inner = Input({4});
  Model block(inner, Add()(std::vector{inner, Dense(4, {.activation = "relu"})(inner)}));
  KerasTensor x = Input({4});
  Model model(x, Dense(2)(block(block(x))));
  Tensor data = ramp({3, 4}), expected = model.predict(data);
  model.save(temporary("nested.keras"));
  Model loaded = load_model(temporary("nested.keras"));
  expect_equal(loaded.predict(data), expected);
  EXPECT_EQ(loaded.get_config(), model.get_config());
}

TEST(Model, CustomLayersAreSaved) {
  KerasTensor x = Input({4});
  Model model(x, SwiGlu(3)(x));
  Tensor data = ramp({3, 4}), expected = model.predict(data);
  model.save(temporary("custom.keras"));
  expect_equal(load_model(temporary("custom.keras")).predict(data), expected);
}

TEST(Model, LayersMadeOfLayers) {
  KerasTensor x = Input({4});
  Model model(x, Block()(x));
  EXPECT_EQ(model.weights().size(), 4u);
  EXPECT_EQ(model.predict(ramp({3, 4})).shape(), Shape({3, 2}));
  EXPECT_THROW(model.save(temporary("block.keras")), Error);
}

TEST(Model, TrainingGoesOnAfterLoading) {
  auto make = [] {
    set_random_seed(5);
    Sequential model({Input({3}), Dense(4, {.activation = "tanh"}), Dense(1)});
    model.compile({.optimizer = Adam({.learning_rate = 0.05}), .loss = "mean_squared_error"});
    return model;
  };
  Tensor x = ramp({20, 3}), y = sum(x, -1, true);
  Sequential whole = make(), first = make();
  whole.fit(x, y, {.epochs = 4, .batch_size = 7, .shuffle = false, .verbose = 0});
  first.fit(x, y, {.epochs = 2, .batch_size = 7, .shuffle = false, .verbose = 0});
  first.save(temporary("adam.keras"));
  Model second = load_model(temporary("adam.keras"));
  second.fit(x, y, {.epochs = 2, .batch_size = 7, .shuffle = false, .verbose = 0});
  expect_equal(second.predict(x), whole.predict(x), 1e-6f);
}

TEST(Model, RegularizationCounts) {
  KerasTensor x = Input({2});
  Model model(
      x, Dense(1, {.use_bias = false, .kernel_initializer = "ones", .kernel_regularizer = regularizers::l2(0.5)})(x));
  model.compile({.optimizer = "sgd", .loss = "mean_squared_error"});
  // The prediction is 2, the error 0, the penalty 0.5 (1 + 1).
  EXPECT_NEAR(model.evaluate(Tensor{{1., 1.}}, Tensor{{2.}})[0].second, 1.0, 1e-6);
}

TEST(Model, SampleWeightsAndPartialBatches) {
  KerasTensor x = Input({1});
  Model model(x, Dense(1, {.use_bias = false, .kernel_initializer = "zeros"})(x));
  model.compile({.optimizer = SGD({.learning_rate = 0.0}), .loss = "mean_squared_error"});
  Tensor data{{1.}, {1.}, {1.}}, target{{1.}, {2.}, {3.}};
  History history = model.fit(data, target, {.batch_size = 2, .shuffle = false, .verbose = 0});
  EXPECT_NEAR(history["loss"][0], 14.0 / 3.0, 1e-6);
  history = model.fit(data, target, {.batch_size = 3, .sample_weight = Tensor{1., 0., 2.}, .verbose = 0});
  EXPECT_NEAR(history["loss"][0], 19.0 / 3.0, 1e-6);
}

TEST(Model, MistakesAreNamed) {
  KerasTensor x = Input({4}, {.name = "entry"});
  Model model(x, Dense(2)(x));
  try {
    model.predict(ramp({2, 5}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "input 'entry' expects shape (None, 4), got (2, 5)");
  }
  EXPECT_THROW(model.fit(ramp({2, 4}), ramp({2, 2})), Error);
  EXPECT_THROW(Model(x, Dense(2)(Input({4}))), Error);
  KerasTensor id = Input({2}, {.dtype = DType::Int32});
  Model numbers(id, Hashing(4, {.dtype = "int32"})(id));
  Tensor ids(Shape{1, 2}, DType::Int32);
  EXPECT_THROW(numbers.gradients({ids}, {ids}), Error);
}

// Two megabytes a row between the layers: the batch is computed in blocks, the last of them shorter.
TEST(Model, LargeBatchesAreTheirRows) {
  Sequential model({Input({128, 128, 3}), Conv2D(32, 3, {.activation = "relu", .padding = "same"}), MaxPooling2D(2),
                    Conv2D(4, 3), Flatten(), Dense(5)});
  Tensor x = ramp({11, 128, 128, 3});
  for (int threads : {1, 2}) {
    Tensor all = model.run({x}, {.threads = threads})[0];
    for (std::int64_t row = 0; row < 11; ++row)
      expect_equal(all.slice(row, row + 1), model.run({x.slice(row, row + 1)}, {.threads = threads})[0]);
  }
}

// Weights in panels, and a transpose of the columns that they give.
TEST(Model, PermutesWhatWideLayersGive) {
  Dense dense(64);
  KerasTensor input = Input({16, 32}), wide = dense(input);
  Model plain(input, wide), permuted(input, Permute({2, 1})(wide));
  Tensor x = ramp({3, 16, 32}), expected = plain.run({x})[0], got = permuted.run({x})[0];
  ASSERT_EQ(got.shape(), Shape({3, 64, 16}));
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t j = 0; j < 64; ++j)
        ASSERT_NEAR(got.values<float>()[(n * 64 + j) * 16 + i], expected.values<float>()[(n * 16 + i) * 64 + j], 1e-6);
}
