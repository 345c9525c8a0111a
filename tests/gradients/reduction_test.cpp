#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

class Reduce : public ::testing::TestWithParam<const char *> {};

TEST_P(Reduce, AgreesWithDifferences) {
  struct Axes {
    const char *axes, *result;
    std::vector<std::int64_t> shape;
  };
  for (const Axes &c : std::vector<Axes>{{"[1]", "?x4xf64", {2, 4}},
                                         {"[0, 2]", "?xf64", {3}},
                                         {"[-1]", "?x?xf64", {2, 3}},
                                         {"[0, 1, 2]", "f64", {}},
                                         {"[1] {keepdims = true}", "?x1x4xf64", {2, 1, 4}},
                                         {"[0, -1] {keepdims = true}", "1x?x1xf64", {1, 3, 1}}})
    check_gradient(
        {.inputs = {{"x", "?x?x4xf64", {2, 3, 4}, 0.5, 1.5}},
         .body = std::string("%y = lamina.reduce ") + GetParam() + ", %x axes " + c.axes + " : tensor<?x?x4xf64>",
         .result = c.result,
         .shape = c.shape});
}

INSTANTIATE_TEST_SUITE_P(Kinds, Reduce, ::testing::Values("sum", "prod", "min", "max"),
                         [](const auto &info) { return std::string(info.param); });

std::vector<double> at(const char *kind, std::vector<double> x) {
  return gradient_of({.inputs = {{"x", "3xf64", {3}, 0, 0, std::move(x)}},
                      .body = std::string("%y = lamina.reduce ") + kind + ", %x axes [0] : tensor<3xf64>",
                      .result = "f64",
                      .shape = {}})[0];
}

TEST(Reduction, EqualExtremaShare) {
  EXPECT_EQ(at("max", {2, 1, 2}), (std::vector<double>{0.5, 0, 0.5}));
  EXPECT_EQ(at("min", {1, 1, 1}), (std::vector<double>{1 / 3.0, 1 / 3.0, 1 / 3.0}));
}

TEST(Reduction, ProductWithZeros) {
  EXPECT_EQ(at("prod", {0, 2, 3}), (std::vector<double>{6, 0, 0}));
  EXPECT_EQ(at("prod", {0, 2, 0}), (std::vector<double>{0, 0, 0}));
}

TEST(Reduction, Cumsum) {
  for (const char *attributes : {"", " {exclusive = true}", " {reverse = true}", " {exclusive = true, reverse = true}"})
    check_gradient({.inputs = {{"x", "?x?xf64", {2, 4}}},
                    .body = std::string("%y = lamina.cumsum %x axis 1") + attributes + " : tensor<?x?xf64>",
                    .result = "?x?xf64",
                    .shape = {2, 4}});
}

TEST(Reduction, MeanOverOpenAxes) {
  check_gradient({.inputs = {{"x", "?x?x4xf64", {2, 3, 4}}},
                  .body =
                      "%0 = lamina.reduce sum, %x axes [0, 1] : tensor<?x?x4xf64>\n"
                      "%1 = lamina.size %x axes [0, 1] : tensor<?x?x4xf64>\n%2 = lamina.cast %1 to f64 : tensor<f32>\n"
                      "%y = lamina.div %0, %2 : tensor<4xf64>, tensor<f64>",
                  .result = "4xf64",
                  .shape = {4}});
}

} // namespace

} // namespace lamina::testing
