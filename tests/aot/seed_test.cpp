// Objects of models that draw random numbers: the caller gives the seed.

#include "tests/aot/object_fixture.h"

namespace lamina::aot {
namespace {

using ::testing::HasSubstr;

struct Noise : Layer<Noise> {
  Value call(const Value &x, CallContext &context) const {
    return x + random_normal(context.seed(), dims_of(x), context.stream({}));
  }
  template <typename F> void fields(F &) {}
};

TEST_F(ObjectTest, SeedDecidesRandomNumbers) {
  auto input = BatchInput({1, 4});
  Model model(input, Noise()(input));
  EXPECT_THAT(compile(model, {}).header, HasSubstr("float* output_0, int64_t seed, void* workspace);"));
  auto answer = [&](const std::string &seed) {
    return answers({Tensor::zeros({1, 4})}, {1, 4}, "-DSEED=" + seed).at(0).str();
  };
  std::string seven = answer("7");
  EXPECT_EQ(answer("7"), seven);
  EXPECT_NE(answer("8"), seven);
}

} // namespace
} // namespace lamina::aot
