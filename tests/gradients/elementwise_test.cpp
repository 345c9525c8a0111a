#include <cmath>

#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

struct Range {
  const char *op;
  double low, high;
};

class Unary : public ::testing::TestWithParam<Range> {};

TEST_P(Unary, AgreesWithDifferences) {
  auto [op, low, high] = GetParam();
  check_gradient({.inputs = {{"x", "?x4xf64", {3, 4}, low, high}},
                  .body = std::string("%y = lamina.") + op + " %x : tensor<?x4xf64>",
                  .result = "?x4xf64",
                  .shape = {3, 4}});
}

INSTANTIATE_TEST_SUITE_P(Ops, Unary,
                         ::testing::Values(Range{"abs", -2, 2}, Range{"neg", -2, 2}, Range{"relu", -2, 2},
                                           Range{"exp", -2, 2}, Range{"expm1", -2, 2}, Range{"log", 0.2, 3},
                                           Range{"log1p", -0.5, 2}, Range{"sqrt", 0.2, 3}, Range{"rsqrt", 0.2, 3},
                                           Range{"tanh", -2, 2}, Range{"sigmoid", -4, 4}, Range{"softplus", -4, 4},
                                           Range{"erf", -2, 2}, Range{"sin", -3, 3}, Range{"cos", -3, 3},
                                           Range{"floor", 0.1, 0.9}, Range{"ceil", 0.1, 0.9}, Range{"round", 0.6, 1.4},
                                           Range{"sign", 0.1, 2}),
                         [](const auto &info) { return std::string(info.param.op); });

class Binary : public ::testing::TestWithParam<const char *> {};

TEST_P(Binary, SumsOverBroadcastAxes) {
  struct Shapes {
    const char *lhs, *rhs, *result;
    std::vector<std::int64_t> lhs_shape, rhs_shape, shape;
  };
  for (const Shapes &s : std::vector<Shapes>{{"?x4xf64", "?x4xf64", "?x4xf64", {3, 4}, {3, 4}, {3, 4}},
                                             {"?x4xf64", "4xf64", "?x4xf64", {3, 4}, {4}, {3, 4}},
                                             {"f64", "?x4xf64", "?x4xf64", {}, {3, 4}, {3, 4}},
                                             {"?x1xf64", "1x4xf64", "?x4xf64", {3, 1}, {1, 4}, {3, 4}},
                                             {"2x1x4xf64", "?x1xf64", "2x?x4xf64", {2, 1, 4}, {3, 1}, {2, 3, 4}},
                                             {"?x3x4xf64", "1x4xf64", "?x3x4xf64", {2, 3, 4}, {1, 4}, {2, 3, 4}},
                                             {"1x1xf64", "?x?xf64", "?x?xf64", {1, 1}, {2, 3}, {2, 3}}})
    check_gradient(
        {.inputs = {{"a", s.lhs, s.lhs_shape, 0.5, 2}, {"b", s.rhs, s.rhs_shape, 2.1, 2.9}},
         .body = std::string("%y = lamina.") + GetParam() + " %a, %b : tensor<" + s.lhs + ">, tensor<" + s.rhs + ">",
         .result = s.result,
         .shape = s.shape});
}

INSTANTIATE_TEST_SUITE_P(Ops, Binary,
                         ::testing::Values("add", "sub", "mul", "div", "rem", "pow", "atan2", "maximum", "minimum"),
                         [](const auto &info) { return std::string(info.param); });

std::vector<std::vector<double>> at(const std::string &op, double a, double b) {
  return gradient_of({.inputs = {{"a", "1xf64", {1}, 0, 0, {a}}, {"b", "1xf64", {1}, 0, 0, {b}}},
                      .body = "%y = lamina." + op + " %a, %b : tensor<1xf64>, tensor<1xf64>",
                      .result = "1xf64",
                      .shape = {1}});
}

double at(const std::string &op, double x) {
  return gradient_of({.inputs = {{"x", "1xf64", {1}, 0, 0, {x}}},
                      .body = "%y = lamina." + op + " %x : tensor<1xf64>",
                      .result = "1xf64",
                      .shape = {1}})[0][0];
}

using Pair = std::vector<std::vector<double>>;

TEST(Elementwise, RemainderOfNegatives) {
  EXPECT_EQ(at("rem", -7.0, 3.0), (Pair{{1}, {2}}));
  EXPECT_EQ(at("rem", 7.0, -3.0), (Pair{{1}, {2}}));
}

TEST(Elementwise, PowerAtTheBorder) {
  EXPECT_EQ(at("pow", 0.0, 2.0), (Pair{{0}, {0}}));
  EXPECT_EQ(at("pow", 0.0, 1.0), (Pair{{1}, {0}}));
  EXPECT_EQ(at("pow", 0.0, 0.0), (Pair{{0}, {0}}));
  EXPECT_EQ(at("pow", -2.0, 2.0)[0][0], -4.0);
}

TEST(Elementwise, EqualOperandsShare) {
  EXPECT_EQ(at("maximum", 2.0, 2.0), (Pair{{0.5}, {0.5}}));
  EXPECT_EQ(at("minimum", 2.0, 2.0), (Pair{{0.5}, {0.5}}));
}

TEST(Elementwise, Kinks) {
  EXPECT_EQ(at("relu", 0.0), 0.0);
  EXPECT_EQ(at("abs", 0.0), 0.0);
  EXPECT_EQ(at("softplus", 1000.0), 1.0);
  EXPECT_EQ(at("softplus", -1000.0), 0.0);
  EXPECT_EQ(at("sigmoid", -1000.0), 0.0);
}

TEST(Elementwise, Select) {
  check_gradient({.inputs = {{"c", "?x4xi1", {3, 4}, 0, 2}, {"a", "?x4xf64", {3, 4}}, {"b", "4xf64", {4}}},
                  .body = "%y = lamina.select %c, %a, %b : tensor<?x4xi1>, tensor<?x4xf64>, tensor<4xf64>",
                  .result = "?x4xf64",
                  .shape = {3, 4}});
}

TEST(Elementwise, SelectBroadcastsItsCondition) {
  check_gradient({.inputs = {{"c", "?x1xi1", {3, 1}, 0, 2}, {"a", "f64", {}}, {"b", "1x4xf64", {1, 4}}},
                  .body = "%y = lamina.select %c, %a, %b : tensor<?x1xi1>, tensor<f64>, tensor<1x4xf64>",
                  .result = "?x4xf64",
                  .shape = {3, 4}});
}

TEST(Elementwise, CastBetweenFloatsPassesOn) {
  EXPECT_EQ(
      gradient_of(
          {.inputs = {{"x", "2xf64", {2}}},
           .body = "%0 = lamina.cast %x to f32 : tensor<2xf64>\n%1 = lamina.add %0, %0 : tensor<2xf32>, tensor<2xf32>\n"
                   "%y = lamina.cast %1 to f64 : tensor<2xf32>",
           .result = "2xf64",
           .shape = {2}}),
      (Pair{{2, 2}}));
}

TEST(Elementwise, IntegersEndThePath) {
  EXPECT_EQ(
      gradient_of({.inputs = {{"x", "2xf64", {2}}},
                   .body = "%0 = lamina.cast %x to i32 : tensor<2xf64>\n%y = lamina.cast %0 to f64 : tensor<2xi32>",
                   .result = "2xf64",
                   .shape = {2}}),
      (Pair{{0, 0}}));
}

TEST(Elementwise, StopGradient) {
  EXPECT_EQ(
      gradient_of(
          {.inputs = {{"x", "2xf64", {2}, 0, 0, {3, 4}}},
           .body =
               "%0 = lamina.stop_gradient %x : tensor<2xf64>\n%y = lamina.mul %0, %x : tensor<2xf64>, tensor<2xf64>",
           .result = "2xf64",
           .shape = {2}}),
      (Pair{{3, 4}}));
}

TEST(Elementwise, UseTwiceAddsUp) {
  check_gradient(
      {.inputs = {{"x", "?x4xf64", {3, 4}}},
       .body = "%0 = lamina.tanh %x : tensor<?x4xf64>\n%1 = lamina.mul %0, %x : tensor<?x4xf64>, tensor<?x4xf64>\n"
               "%y = lamina.add %1, %0 : tensor<?x4xf64>, tensor<?x4xf64>",
       .result = "?x4xf64",
       .shape = {3, 4}});
}

TEST(Elementwise, SecondDerivative) {
  check_gradient(
      {.inputs = {{"x", "?xf64", {3}}, {"k", "?xf64", {3}}},
       .body = "%0 = lamina.tanh %x : tensor<?xf64>\n%1 = lamina.mul %0, %k : tensor<?xf64>, tensor<?xf64>\n"
               "%2 = lamina.exp %1 : tensor<?xf64>\n"
               "%y = lamina.gradient of (%2 : tensor<?xf64>) cotangents (%k : tensor<?xf64>) wrt (%x : tensor<?xf64>)",
       .result = "?xf64",
       .shape = {3}});
}

} // namespace

} // namespace lamina::testing
