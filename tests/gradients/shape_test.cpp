#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

/// One input %x, one op.
void check(const std::string &op, const std::string &arguments, const std::string &type, std::vector<std::int64_t> x,
           const std::string &result, std::vector<std::int64_t> shape) {
  check_gradient({.inputs = {{"x", type, std::move(x)}},
                  .body = "%y = lamina." + op + " %x " + arguments + " : tensor<" + type + ">",
                  .result = result,
                  .shape = std::move(shape)});
}

TEST(Shape, Reshape) {
  check("reshape", "to [dim 0, infer]", "?x3x4xf64", {2, 3, 4}, "?x12xf64", {2, 12});
  check("reshape", "to [infer, 2]", "?x4xf64", {3, 4}, "?x2xf64", {6, 2});
  check("reshape", "to [dim 1, dim 0, 1]", "?x3xf64", {4, 3}, "3x?x1xf64", {3, 4, 1});
}

TEST(Shape, BroadcastTo) {
  check_gradient(
      {.inputs = {{"x", "1x4xf64", {1, 4}}, {"n", "?xi32", {3}, 0, 1}},
       .body =
           "%d = lamina.dim %n axis 0 : tensor<?xi32>\n%y = lamina.broadcast_to %x to [2, %d, dim 1] : tensor<1x4xf64>",
       .result = "2x?x4xf64",
       .shape = {2, 3, 4}});
}

TEST(Shape, Transpose) { check("transpose", "by [2, 0, 1]", "?x3x4xf64", {2, 3, 4}, "4x?x3xf64", {4, 2, 3}); }

TEST(Shape, ReverseAndPad) {
  check("reverse", "axes [0, -1]", "?x4xf64", {3, 4}, "?x4xf64", {3, 4});
  check("pad", "low [0, 1] high [2, 0] value 1.0", "?x4xf64", {3, 4}, "?x5xf64", {5, 5});
}

TEST(Shape, Concatenate) {
  struct Parts {
    const char *a, *b, *c, *result;
    int axis;
    std::vector<std::int64_t> a_shape, b_shape, c_shape, shape;
  };
  for (const Parts &p :
       std::vector<Parts>{{"?x1xf64", "?x2xf64", "?x3xf64", "?x6xf64", 1, {2, 1}, {2, 2}, {2, 3}, {2, 6}},
                          {"2x3xf64", "?x3xf64", "4x3xf64", "?x3xf64", 0, {2, 3}, {3, 3}, {4, 3}, {9, 3}},
                          {"2x3xf64", "1x3xf64", "?x3xf64", "?x3xf64", 0, {2, 3}, {1, 3}, {4, 3}, {7, 3}},
                          {"?x3xf64", "1x3xf64", "2x3xf64", "?x3xf64", 0, {2, 3}, {1, 3}, {2, 3}, {5, 3}},
                          {"2x?xf64", "2x3xf64", "2x?xf64", "2x?xf64", -1, {2, 2}, {2, 3}, {2, 4}, {2, 9}}})
    check_gradient({.inputs = {{"a", p.a, p.a_shape}, {"b", p.b, p.b_shape}, {"c", p.c, p.c_shape}},
                    .body = std::string("%y = lamina.concatenate %a, %b, %c axis ") + std::to_string(p.axis) +
                            " : tensor<" + p.a + ">, tensor<" + p.b + ">, tensor<" + p.c + ">",
                    .result = p.result,
                    .shape = p.shape});
}

TEST(Shape, SliceOfKnownAxes) {
  check("slice", "from [0, 1, -2] to [end, 5, end] by [1, 2, 1]", "?x6x4xf64", {2, 6, 4}, "?x2x2xf64", {2, 2, 2});
  check("slice", "from [0, 0, 0] to [end, end, -1] by [1, 3, 2]", "?x7x4xf64", {2, 7, 4}, "?x3x2xf64", {2, 3, 2});
  check("slice", "from [0, -100, 3] to [end, 100, 4] by [1, 4, 1]", "?x6x4xf64", {2, 6, 4}, "?x2x1xf64", {2, 2, 1});
}

TEST(Shape, SliceOfOpenAxes) {
  struct Part {
    const char *bounds, *result;
    std::int64_t size;
  };
  for (const Part &p : std::vector<Part>{{"from [0, 2] to [end, end] by [1, 1]", "?x?xf64", 4},
                                         {"from [0, 0] to [end, -2] by [1, 1]", "?x?xf64", 4},
                                         {"from [0, 1] to [end, -1] by [1, 1]", "?x?xf64", 4},
                                         {"from [0, -1] to [end, end] by [1, 1]", "?x?xf64", 1},
                                         {"from [0, -3] to [end, -1] by [1, 1]", "?x?xf64", 2},
                                         {"from [0, 0] to [end, 3] by [1, 1]", "?x?xf64", 3},
                                         {"from [0, 0] to [end, 9] by [1, 1]", "?x?xf64", 6},
                                         {"from [0, 0] to [end, end] by [1, 2]", "?x?xf64", 3},
                                         {"from [0, 1] to [end, -1] by [1, 3]", "?x?xf64", 2},
                                         {"from [0, -5] to [end, end] by [1, 2]", "?x?xf64", 3}})
    check("slice", p.bounds, "?x?xf64", {2, 6}, p.result, {2, p.size});
  check("slice", "from [1, 1] to [-1, 4] by [2, 1]", "?x?xf64", {6, 5}, "?x?xf64", {2, 3});
}

TEST(Shape, Gather) {
  check_gradient({.inputs = {{"x", "5x3xf64", {5, 3}}, {"i", "?x2xi32", {3, 2}, 0, 5}},
                  .body = "%y = lamina.gather %x, %i : tensor<5x3xf64>, tensor<?x2xi32>",
                  .result = "?x2x3xf64",
                  .shape = {3, 2, 3}});
  check_gradient({.inputs = {{"x", "?x3xf64", {5, 3}}, {"i", "2xi32", {2}, 0, 0, {-3, 9}}},
                  .body = "%y = lamina.gather %x, %i : tensor<?x3xf64>, tensor<2xi32>",
                  .result = "2x3xf64",
                  .shape = {2, 3}});
}

TEST(Shape, ScatterAdd) {
  check_gradient({.inputs = {{"x", "4x3xf64", {4, 3}}, {"i", "?xi32", {5}, 0, 4}, {"u", "?x3xf64", {5, 3}}},
                  .body = "%y = lamina.scatter_add %x, %i, %u : tensor<4x3xf64>, tensor<?xi32>, tensor<?x3xf64>",
                  .result = "4x3xf64",
                  .shape = {4, 3}});
}

} // namespace

} // namespace lamina::testing
