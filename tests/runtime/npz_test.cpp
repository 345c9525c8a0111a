#include <lamina/npz.h>

#include "tests/runtime/files_fixture.h"

namespace lamina {
namespace {

class NpzByName : public runtime::Files {};

TEST_F(NpzByName, RoundTripByName) {
  save_npz(path("a.npz"), {{"x", Tensor{{1.f, 2.f}, {3.f, 4.f}}}, {"ids", Tensor{1, 2, 3}}});
  auto arrays = load_npz(path("a.npz"));
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays.at("x").shape(), (Shape{2, 2}));
  EXPECT_EQ(arrays.at("x").at<float>(1, 0), 3.f);
  EXPECT_EQ(arrays.at("ids").dtype(), DType::Int32);
}

TEST_F(NpzByName, MissingFileIsNamed) {
  EXPECT_NE(runtime::error_of([&] { load_npz(path("none.npz")); }).find("none.npz"), std::string::npos);
}

} // namespace
} // namespace lamina
