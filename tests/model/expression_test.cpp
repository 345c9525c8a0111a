#include <gtest/gtest.h>

#include <lamina/lamina.h>

using namespace lamina;

namespace {
void expect_values(const Tensor &tensor, const std::vector<float> &expected) {
  ASSERT_EQ(tensor.numel(), static_cast<std::int64_t>(expected.size())) << tensor;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(tensor.values<float>()[i], expected[i], 1e-5);
}
} // namespace

TEST(Expression, Evaluates) {
  Tensor a{{1., -2.}, {3., 4.}}, scale{2., 10.};
  Tensor y = relu(a * scale + 0.5);
  expect_values(y, {2.5, 0, 6.5, 40.5});
}

TEST(Expression, IsCompiledOnceForAllBatches) {
  auto run = [](const Tensor &a, const Tensor &b) -> Tensor { return exp(a - b) / 2.0; };
  std::int64_t before = compiled_expressions();
  for (std::int64_t batch : {2, 5, 9})
    EXPECT_EQ(run(Tensor::full({batch, 3}, 1.0), Tensor::full({3}, 1.0)).shape(), Shape({batch, 3}));
  EXPECT_EQ(compiled_expressions(), before + 1);
  run(Tensor::full({2, 3}, 1.0, DType::Float64), Tensor::full({3}, 1.0, DType::Float64));
  EXPECT_EQ(compiled_expressions(), before + 2);
}

TEST(Expression, Reductions) {
  Tensor a{{1., 2.}, {3., 4.}};
  expect_values(sum(a, 0), {4, 6});
  expect_values(mean(a, {0, 1}), {2.5});
  expect_values(softmax(a * 0.0), {0.5, 0.5, 0.5, 0.5});
  expect_values(dot(a, Tensor{{1.}, {1.}}), {3, 7});
}

TEST(Expression, Gradients) {
  auto loss = [](auto p, auto t) { return mean(square(p - t)); };
  Tensor p{1., 2.}, t{0., 4.};
  auto [value, grads] = value_and_grad(loss)(p, t);
  expect_values(value, {2.5});
  expect_values(grads[0], {1, -2});
  expect_values(grads[1], {-1, 2});
  expect_values(grad([](auto x) { return sum(x * x * x); })(p), {3, 12});
}

TEST(Expression, GradientsOfWhatAFunctionRefersTo) {
  Tensor w{2., 3.};
  expect_values(grad([w](auto x) { return sum(x * w); })(Tensor{1., 1.}), {2, 3});
}

TEST(Expression, MistakesNameTheShapes) {
  Tensor a({2, 3}, DType::Float32), b({4}, DType::Float32);
  try {
    Tensor y = a + b;
    FAIL();
  } catch (const Error &error) {
    std::string what = error.what();
    EXPECT_NE(what.find('3'), std::string::npos) << what;
    EXPECT_NE(what.find('4'), std::string::npos) << what;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
  }
}
