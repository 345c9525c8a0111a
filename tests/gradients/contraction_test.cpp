#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

void check_dot(const char *lhs, std::vector<std::int64_t> lhs_shape, const char *rhs,
               std::vector<std::int64_t> rhs_shape, const char *axes, const char *result,
               std::vector<std::int64_t> shape) {
  check_gradient(
      {.inputs = {{"a", lhs, std::move(lhs_shape)}, {"b", rhs, std::move(rhs_shape)}},
       .body = std::string("%y = lamina.dot_general %a, %b ") + axes + " : tensor<" + lhs + ">, tensor<" + rhs + ">",
       .result = result,
       .shape = std::move(shape)});
}

TEST(DotGeneral, Matrix) {
  check_dot("?x4xf64", {2, 4}, "4x3xf64", {4, 3}, "contracting [1] x [0]", "?x3xf64", {2, 3});
}

TEST(DotGeneral, TransposedMatrix) {
  check_dot("?x4xf64", {2, 4}, "3x4xf64", {3, 4}, "contracting [1] x [1]", "?x3xf64", {2, 3});
  check_dot("4x?xf64", {4, 2}, "4x3xf64", {4, 3}, "contracting [0] x [0]", "?x3xf64", {2, 3});
}

TEST(DotGeneral, Sequence) {
  check_dot("?x?x4xf64", {2, 3, 4}, "4x3xf64", {4, 3}, "contracting [2] x [0]", "?x?x3xf64", {2, 3, 3});
}

TEST(DotGeneral, BatchAxesAnywhere) {
  check_dot("?x3x?x4xf64", {2, 3, 2, 4}, "?x?x3x4xf64", {2, 2, 3, 4}, "batching [0, 1] x [0, 2] contracting [3] x [3]",
            "?x3x?x?xf64", {2, 3, 2, 2});
  check_dot("3x4x2xf64", {3, 4, 2}, "4x3x5xf64", {4, 3, 5}, "batching [0] x [1] contracting [1] x [0]", "3x2x5xf64",
            {3, 2, 5});
}

TEST(DotGeneral, SeveralContractingAxes) {
  check_dot("2x3x4xf64", {2, 3, 4}, "4x5x3xf64", {4, 5, 3}, "contracting [1, 2] x [2, 0]", "2x5xf64", {2, 5});
  check_dot("2x3x4xf64", {2, 3, 4}, "4x5x3xf64", {4, 5, 3}, "contracting [2, 1] x [0, 2]", "2x5xf64", {2, 5});
}

TEST(DotGeneral, NegativeAxes) {
  check_dot("?x?x4xf64", {2, 3, 4}, "?x5x4xf64", {2, 5, 4}, "batching [0] x [0] contracting [-1] x [-1]", "?x?x5xf64",
            {2, 3, 5});
}

TEST(DotGeneral, VectorsAndOuterProduct) {
  check_dot("?xf64", {3}, "?xf64", {3}, "contracting [0] x [0]", "f64", {});
  check_dot("?xf64", {3}, "2xf64", {2}, "contracting [] x []", "?x2xf64", {3, 2});
}

TEST(DotGeneral, SecondDerivative) {
  check_gradient({.inputs = {{"x", "?x4xf64", {2, 4}}, {"w", "4x3xf64", {4, 3}}, {"c", "?x3xf64", {2, 3}}},
                  .body = "%0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x4xf64>, tensor<4x3xf64>\n"
                          "%1 = lamina.tanh %0 : tensor<?x3xf64>\n"
                          "%y = lamina.gradient of (%1 : tensor<?x3xf64>) cotangents (%c : tensor<?x3xf64>) wrt (%w : "
                          "tensor<4x3xf64>)",
                  .result = "4x3xf64",
                  .shape = {4, 3}});
}

} // namespace

} // namespace lamina::testing
