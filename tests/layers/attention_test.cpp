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
