#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

Tensor numbers(const Shape &shape, float step) {
  Tensor x(shape, DType::Float32);
  for (std::size_t i = 0; i < x.values<float>().size(); ++i)
    x.values<float>()[i] = step * static_cast<float>(i);
  return x;
}

void check(const KerasTensor &query, const KerasTensor &value, const KerasTensor &output, const Shape &expected) {
  Model model({query, value}, output);
  Tensor q = lamina::test::random_data({2, 3, 4}, DType::Float32, 0, 1),
         v = lamina::test::random_data({2, 5, 4}, DType::Float32, 0, 2);
  EXPECT_EQ(model.run({q, v})[0].shape(), expected);
}

} // namespace

TEST(Attention, Shapes) {
  KerasTensor query = Input({none, 4}), value = Input({none, 4});
  check(query, value, Attention({.use_scale = true})({query, value}), {2, 3, 4});
  check(query, value, Attention({.score_mode = "concat"})({query, value}), {2, 3, 4});
  check(query, value, AdditiveAttention()({query, value}), {2, 3, 4});
}

TEST(Attention, EqualScoresAverageTheValues) {
  KerasTensor query = Input({1, 2}), value = Input({2, 2});
  Model model({query, value}, Attention()({query, value}));
  Tensor q = Tensor::full({1, 1, 2}, 0.0);
  expect_values(model.run({q, numbers({1, 2, 2}, 1)})[0], {1, 2});
}

TEST(Attention, PassesTheQuerysMaskOn) {
  KerasTensor input = Input({3, 1}), masked = Masking(0.0)(input);
  Tensor x({1, 3, 1}, DType::Float32);
  std::ranges::copy(std::vector<float>{2, 2, 0}, x.values<float>().begin());
  // The mean of the two steps that count.
  for (const KerasTensor &y : {Attention()({masked, masked}), AdditiveAttention()({masked, masked})})
    expect_values(Model(input, GlobalAveragePooling1D()(y)).run({x})[0], {2});
}

TEST(Attention, CausalOverTheLastAxisOfScores) {
  KerasTensor input = Input({2, 3, 1});
  Model model(input, Attention()({input, input}, {.use_causal_mask = true}));
  Tensor x({1, 2, 3, 1}, DType::Float32);
  std::ranges::fill(x.values<float>(), 0.0f);
  x.values<float>()[1] = x.values<float>()[3] = 6;
  // Queries of 0 see the mean of what lies before them.
  expect_values(model.run({x})[0], {0, 6, 2, 6, 3, 2});
}

TEST(MultiHeadAttention, Shapes) {
  KerasTensor query = Input({none, 4}), value = Input({none, 4});
  check(query, value, MultiHeadAttention(2, 3)({query, value}), {2, 3, 4});
  check(query, value, MultiHeadAttention(2, 3, {.value_dim = 2, .output_shape = {{2, 5}}})({query, value}),
        {2, 3, 2, 5});
  check(query, value, MultiHeadAttention(2, 3, {.sliding_window = 2, .use_gate = true})({query, value}), {2, 3, 4});
  check(query, value, GroupQueryAttention(3, 4, 2, {.use_gate = true})({query, value}), {2, 3, 4});
}

TEST(MultiHeadAttention, Values) {
  Tensor x({1, 2, 2}, DType::Float32), one = Tensor({2, 1, 2}, DType::Float32);
  for (Tensor *eye : {&x, &one}) {
    std::ranges::fill(eye->values<float>(), 0.0f);
    eye->values<float>()[0] = eye->values<float>()[3] = 1;
  }
  KerasTensor input = Input({none, 2});
  MultiHeadAttention attention(1, 2, {.use_bias = false});
  KerasTensor plain = attention({input, input}), causal = attention({input, input}, {.use_causal_mask = true});
  attention.set_weights({one, one, one, one.reshape({1, 2, 2})});
  Model model(input, {plain, causal});
  std::vector<Tensor> outputs = model.run({x});
  expect_values(outputs[0], {0.66976154f, 0.33023846f, 0.33023846f, 0.66976154f});
  expect_values(outputs[1], {1, 0, 0.33023846f, 0.66976154f});
}

TEST(GroupQueryAttention, HeadsOfAGroupShareKeysAndValues) {
  Tensor x({1, 2, 2}, DType::Float32), queries({2, 2, 2}, DType::Float32), mixed({2, 2, 2}, DType::Float32);
  auto set = [](Tensor &tensor, std::vector<float> values) {
    std::ranges::copy(values, tensor.values<float>().begin());
  };
  set(x, {1, 0, 0, 1});
  set(queries, {1, 0, 2, 0, 0, 1, 0, 2});
  set(mixed, {1, 0, 0, 1, -1, 0, 0, -1});
  KerasTensor input = Input({none, 2});
  GroupQueryAttention attention(2, 2, 1, {.use_bias = false});
  Model model(input, attention({input, input}));
  attention.set_weights({queries, x.reshape({2, 1, 2}), x.reshape({2, 1, 2}), mixed});
  expect_values(model.run({x})[0], {-0.13466817f, 0.13466814f, 0.13466814f, -0.13466817f});
  EXPECT_TRUE(attention.name().starts_with("grouped_query_attention")) << attention.name();
}

// Scores that are returned are whole; others of long sequences are computed block by block.
TEST(Attention, LongSequencesEqualWholeScores) {
  auto expect_equal = [&](auto layer, const Shape &shape, const CallArguments &arguments, std::int64_t length) {
    KerasTensor input = Input(shape);
    CallArguments shown = arguments;
    shown.return_attention_scores = true;
    KerasTensor blocks = layer({input, input}, arguments), whole = layer({input, input}, shown).outputs()[0];
    Tensor x = lamina::test::random_data({2, length, 8}, DType::Float32, 0, 1);
    std::vector<Tensor> y = Model(input, {blocks, whole}).run({x});
    ASSERT_EQ(y[0].shape(), y[1].shape());
    for (std::size_t i = 0; i < y[0].values<float>().size(); ++i)
      ASSERT_NEAR(y[0].values<float>()[i], y[1].values<float>()[i], 1e-5) << i;
  };
  for (bool causal : {false, true}) {
    CallArguments arguments{.use_causal_mask = causal};
    expect_equal(MultiHeadAttention(2, 4), {1100, 8}, arguments, 1100);
    for (std::int64_t length : {1100, 300, 5}) {
      expect_equal(MultiHeadAttention(2, 4, {.sliding_window = 40}), {none, 8}, arguments, length);
      expect_equal(GroupQueryAttention(4, 4, 2), {none, 8}, arguments, length);
      expect_equal(Attention({.use_scale = true}), {none, 8}, arguments, length);
    }
  }
}

TEST(MultiHeadAttention, Errors) {
  KerasTensor query = Input({none, 4}), value = Input({4});
  EXPECT_THROW(MultiHeadAttention(2, 3)({query, value}), Error);
  EXPECT_THROW(MultiHeadAttention(0, 3)({query, query}), Error);
  EXPECT_THROW(MultiHeadAttention(2, 3, {.attention_axes = {{3}}})({query, query}), Error);
  EXPECT_THROW(GroupQueryAttention(3, 4, 3)({query, query}), Error);
}

TEST(Attention, AxesBeforeTheLastTwoAreBatches) {
  Tensor q = lamina::test::random_data({2, 3, 4, 2}, DType::Float32, 0, 1),
         v = lamina::test::random_data({2, 3, 5, 2}, DType::Float32, 0, 2);
  auto outer = [&](auto layer) {
    KerasTensor query = Input({3, 4, 2}), value = Input({3, 5, 2});
    return Model({query, value}, layer({query, value})).run({q, v})[0].reshape({6, 4, 2});
  };
  auto flat = [&](auto layer) {
    KerasTensor query = Input({4, 2}), value = Input({5, 2});
    return Model({query, value}, layer({query, value})).run({q.reshape({6, 4, 2}), v.reshape({6, 5, 2})})[0];
  };
  auto expect_equal = [](const Tensor &a, const Tensor &b) {
    ASSERT_EQ(a.shape(), b.shape());
    for (std::size_t i = 0; i < a.values<float>().size(); ++i)
      EXPECT_NEAR(a.values<float>()[i], b.values<float>()[i], 1e-6);
  };
  expect_equal(outer(Attention()), flat(Attention()));
  expect_equal(outer(Attention({.score_mode = "concat"})), flat(Attention({.score_mode = "concat"})));
  expect_equal(outer(AdditiveAttention({.use_scale = false})), flat(AdditiveAttention({.use_scale = false})));
}

TEST(EinsumDense, Checks) {
  check_layer(EinsumDense("abc,cd->abd", Config::list({nullptr, 4}), {.activation = "tanh", .bias_axes = "d"}),
              {.input_shape = {none, 5}, .expected_shape = {none, 4}});
  check_layer(EinsumDense("...x,xy->...y", 4, {.bias_axes = "y"}), {.input_shape = {3, 5}, .expected_shape = {3, 4}});
  EXPECT_THROW(EinsumDense("ab,bc->ac", 4)(numbers({1, 2, 3}, 1)), Error);
  EXPECT_THROW(EinsumDense("ab bc", 4)(numbers({1, 3}, 1)), Error);
}

TEST(Dot, Values) {
  KerasTensor a = Input({2}), b = Input({2});
  Model plain({a, b}, Dot(1)({a, b}));
  Tensor x = numbers({2, 2}, 1);
  expect_values(plain.run({x, x})[0], {1, 13});
  Model cosine({a, b}, Dot(-1, {.normalize = true})({a, b}));
  expect_values(cosine.run({x, x})[0], {1, 1});
}
