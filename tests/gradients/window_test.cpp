#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

struct Convolution {
  const char *name;
  std::string attributes;
  std::vector<std::int64_t> x, k, y;
};

std::string type_of(const std::vector<std::int64_t> &shape, bool open) {
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (open && i + 1 < shape.size() ? "?" : std::to_string(shape[i])) + "x";
  return text + "f64";
}

const std::vector<Convolution> convolutions{
    {"Valid", "{padding = \"valid\"}", {2, 5, 4, 2}, {3, 2, 2, 3}, {2, 3, 3, 3}},
    {"Same", "{padding = \"same\"}", {2, 5, 4, 2}, {3, 2, 2, 3}, {2, 5, 4, 3}},
    {"SameStrided", "{padding = \"same\", strides = array<i64: 2, 3>}", {1, 5, 7, 2}, {3, 3, 2, 2}, {1, 3, 3, 2}},
    {"ValidStrided", "{padding = \"valid\", strides = array<i64: 2, 2>}", {1, 6, 7, 2}, {3, 2, 2, 2}, {1, 2, 3, 2}},
    {"Dilated", "{padding = \"same\", dilations = array<i64: 2, 1>}", {1, 5, 4, 2}, {3, 2, 2, 2}, {1, 5, 4, 2}},
    {"Groups", "{padding = \"valid\", groups = 2 : i64}", {1, 4, 4, 4}, {2, 2, 2, 6}, {1, 3, 3, 6}},
    {"Depthwise", "{padding = \"same\", groups = 3 : i64}", {1, 4, 4, 3}, {3, 3, 1, 6}, {1, 4, 4, 6}},
    {"Explicit", "{padding = array<i64: 2, 0, 1, 1>}", {1, 4, 4, 2}, {3, 3, 2, 2}, {1, 4, 4, 2}},
    {"OneAxis", "{padding = \"same\", strides = array<i64: 2>}", {2, 7, 2}, {3, 2, 3}, {2, 4, 3}},
    {"ThreeAxes", "{padding = \"valid\"}", {1, 3, 3, 3, 1}, {2, 2, 2, 1, 2}, {1, 2, 2, 2, 2}}};

class Conv : public ::testing::TestWithParam<Convolution> {
protected:
  std::string tensor(const std::vector<std::int64_t> &shape, bool open = false) const {
    return "tensor<" + type_of(shape, open) + ">";
  }
  std::string spatial(const std::vector<std::int64_t> &shape, std::size_t drop_front, std::size_t drop_back) const {
    std::string text;
    for (std::size_t i = drop_front; i + drop_back < shape.size(); ++i)
      text += (text.empty() ? "" : ", ") + std::to_string(shape[i]);
    return "[" + text + "]";
  }
};

TEST_P(Conv, AgreesWithDifferences) {
  const Convolution &c = GetParam();
  for (bool open : {false, true})
    check_gradient({.inputs = {{"x", type_of(c.x, open), c.x}, {"k", type_of(c.k, false), c.k}},
                    .body = "%y = lamina.conv %x, %k " + c.attributes + " : " + tensor(c.x, open) + ", " + tensor(c.k),
                    .result = type_of(c.y, open),
                    .shape = c.y});
}

TEST_P(Conv, TransposeAgreesWithDifferences) {
  const Convolution &c = GetParam();
  check_gradient({.inputs = {{"x", type_of(c.y, false), c.y}, {"k", type_of(c.k, false), c.k}},
                  .body = "%y = lamina.conv_transpose %x, %k to " + spatial(c.x, 1, 1) + " " + c.attributes + " : " +
                          tensor(c.y) + ", " + tensor(c.k),
                  .result = type_of(c.x, false),
                  .shape = c.x});
}

TEST_P(Conv, KernelGradAgreesWithDifferences) {
  const Convolution &c = GetParam();
  check_gradient({.inputs = {{"x", type_of(c.x, false), c.x}, {"dy", type_of(c.y, false), c.y}},
                  .body = "%y = lamina.conv_kernel_grad %x, %dy kernel " + spatial(c.k, 0, 2) + " " + c.attributes +
                          " : " + tensor(c.x) + ", " + tensor(c.y),
                  .result = type_of(c.k, false),
                  .shape = c.k});
}

INSTANTIATE_TEST_SUITE_P(Cases, Conv, ::testing::ValuesIn(convolutions),
                         [](const auto &info) { return std::string(info.param.name); });

struct Pooling {
  const char *name, *op, *attributes;
  std::vector<std::int64_t> y;
};

class Pool : public ::testing::TestWithParam<Pooling> {};

TEST_P(Pool, AgreesWithDifferences) {
  const Pooling &c = GetParam();
  for (bool open : {false, true}) {
    std::vector<std::int64_t> shape{2, 5, 6, 2};
    std::string type = type_of(shape, open);
    check_gradient({.inputs = {{"x", type, shape}},
                    .body = std::string("%y = lamina.") + c.op + " %x " + c.attributes + " : tensor<" + type + ">",
                    .result = type_of(c.y, open),
                    .shape = c.y});
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Pool,
    ::testing::Values(
        Pooling{"Max", "max_pool", "window [2, 2] {strides = array<i64: 2, 2>, padding = \"valid\"}", {2, 2, 3, 2}},
        Pooling{"MaxSame", "max_pool", "window [2, 3] {strides = array<i64: 2, 2>, padding = \"same\"}", {2, 3, 3, 2}},
        Pooling{"MaxOverlapping",
                "max_pool",
                "window [3, 2] {strides = array<i64: 1, 1>, padding = \"valid\"}",
                {2, 3, 5, 2}},
        Pooling{"Average", "avg_pool", "window [2, 2] {strides = array<i64: 2, 2>, padding = \"valid\"}", {2, 2, 3, 2}},
        Pooling{
            "AverageSame", "avg_pool", "window [2, 3] {strides = array<i64: 2, 2>, padding = \"same\"}", {2, 3, 3, 2}},
        Pooling{"AverageOverlapping",
                "avg_pool",
                "window [3, 3] {strides = array<i64: 1, 1>, padding = \"same\"}",
                {2, 5, 6, 2}}),
    [](const auto &info) { return std::string(info.param.name); });

TEST(MaxPool, FirstMaximumTakesTheGradient) {
  EXPECT_EQ(
      gradient_of(
          {.inputs = {{"x", "1x4x1xf64", {1, 4, 1}, 0, 0, {2, 2, 1, 3}}},
           .body =
               "%y = lamina.max_pool %x window [2] {strides = array<i64: 2>, padding = \"valid\"} : tensor<1x4x1xf64>",
           .result = "1x2x1xf64",
           .shape = {1, 2, 1}})[0],
      (std::vector<double>{1, 0, 0, 1}));
}

TEST(AvgPool, SecondDerivative) {
  check_gradient(
      {.inputs = {{"x", "1x5x2xf64", {1, 5, 2}}, {"c", "1x3x2xf64", {1, 3, 2}}},
       .body = "%0 = lamina.avg_pool %x window [2] {strides = array<i64: 2>, padding = \"same\"} : tensor<1x5x2xf64>\n"
               "%1 = lamina.exp %0 : tensor<1x3x2xf64>\n"
               "%y = lamina.gradient of (%1 : tensor<1x3x2xf64>) cotangents (%c : tensor<1x3x2xf64>) wrt (%x : "
               "tensor<1x5x2xf64>)",
       .result = "1x5x2xf64",
       .shape = {1, 5, 2}});
}

} // namespace

} // namespace lamina::testing
