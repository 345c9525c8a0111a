#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

Tensor numbers(const Shape &shape) {
  Tensor x(shape, DType::Float32);
  for (std::size_t i = 0; i < x.values<float>().size(); ++i)
    x.values<float>()[i] = static_cast<float>(i + 1);
  return x;
}

} // namespace

TEST(ZeroPadding, Checks) {
  check_layer(ZeroPadding1D({2, 1}), {.input_shape = {none, 3}, .expected_shape = {none, 3}, .expected_open = 7});
  check_layer(ZeroPadding2D({{0, 2}, {3, 1}}), {.input_shape = {3, 4, 2}, .expected_shape = {5, 8, 2}});
  check_layer(ZeroPadding3D(1, {.data_format = "channels_first"}),
              {.input_shape = {2, 2, 3, 2}, .expected_shape = {2, 4, 5, 4}});
}

TEST(ZeroPadding, Values) { expect_values(ZeroPadding1D({1, 2})(numbers({1, 2, 1})), {0, 1, 2, 0, 0}); }

TEST(Cropping, Checks) {
  check_layer(Cropping1D({2, 0}), {.input_shape = {7, 3}, .expected_shape = {5, 3}});
  check_layer(Cropping2D({1, 2}), {.input_shape = {6, 7, 2}, .expected_shape = {4, 3, 2}});
  check_layer(Cropping3D({{1, 0}, {2, 2}, {0, 1}}), {.input_shape = {4, 5, 4, 2}, .expected_shape = {3, 1, 3, 2}});
}

TEST(Cropping, RefusesToLeaveNothing) {
  try {
    Cropping1D({2, 3}, {.name = "cut"})(numbers({1, 5, 1}));
    FAIL();
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()).find("cropping leaves nothing"), std::string::npos) << error.what();
  }
}

TEST(Margins, RefuseOtherForms) {
  for (const Margins &margins : {Margins(-1), Margins({1, 2, 3}), Margins({{1, 2, 3}, {1, 2}})})
    EXPECT_THROW(ZeroPadding2D{margins}(numbers({1, 2, 2, 1})), Error);
}

TEST(UpSampling, Checks) {
  check_layer(UpSampling1D(3), {.input_shape = {none, 2}, .expected_shape = {none, 2}, .expected_open = 12});
  check_layer(UpSampling2D({2, 3}, {.data_format = "channels_first"}),
              {.input_shape = {2, 3, 4}, .expected_shape = {2, 6, 12}});
  check_layer(UpSampling2D(2, {.interpolation = "bilinear"}), {.input_shape = {3, 4, 2}, .expected_shape = {6, 8, 2}});
  check_layer(UpSampling3D(2), {.input_shape = {2, 1, 2, 2}, .expected_shape = {4, 2, 4, 2}});
}

TEST(UpSampling, Values) {
  expect_values(UpSampling1D(2)(numbers({1, 2, 1})), {1, 1, 2, 2});
  expect_values(UpSampling2D({1, 2}, {.interpolation = "bilinear"})(numbers({1, 1, 2, 1})), {1, 1.25, 1.75, 2});
}
