// Sizes that a model takes to be equal, and that its caller gives.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lamina/lamina.h>

using namespace lamina;
using namespace lamina::layers;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace {

Tensor ones(const Shape &shape) {
  Tensor result(shape, DType::Float32);
  for (float &x : result.values<float>())
    x = 1;
  return result;
}

std::string error_of(const Model &model, std::vector<Tensor> inputs) {
  try {
    model.run(inputs);
  } catch (const Error &error) {
    return error.what();
  }
  return "(no error)";
}

TEST(OpenSizes, SumOfInputsOfDifferentLengthsIsRefused) {
  auto a = Input({none, 4}, {.name = "a"}), b = Input({none, 4}, {.name = "b"});
  Model model({a, b}, Add({.name = "sum"})({a, b}));
  EXPECT_THAT(error_of(model, {ones({2, 5, 4}), ones({2, 7, 4})}),
              AllOf(HasSubstr("layer 'sum'"), HasSubstr("'a' and 'b' must have the same size on axis 1"),
                    HasSubstr("(2, 5, 4)"), HasSubstr("(2, 7, 4)")));
  EXPECT_EQ(error_of(model, {ones({2, 7, 4}), ones({2, 7, 4})}), "(no error)");
  EXPECT_EQ(error_of(model, {ones({3, 5, 4}), ones({3, 5, 4})}), "(no error)");
}

TEST(OpenSizes, ObjectsSayWhatIsWrong) {
  auto a = Input({none, 4}, {.name = "a"}), b = Input({none, 4}, {.name = "b"});
  Model model({a, b}, Add({.name = "sum"})({a, b}));
  ObjectResult result = compile_object(model, {.name = "two", .emit = {"llvm"}});
  EXPECT_THAT(result.text, AllOf(HasSubstr("layer 'sum': 'a' and 'b' must have the same size on axis 1"),
                                 HasSubstr("@two_run"), HasSubstr("icmp eq i64")));
}

TEST(OpenSizes, SkipOverPoolingRefusesOddLengths) {
  auto x = Input({none, 4});
  auto half = MaxPooling1D(2)(x);
  auto y = Reshape({-1, 4})(Concatenate()({half, half}));
  Model model(x, Concatenate({.name = "skip"})({x, y}));
  EXPECT_THAT(error_of(model, {ones({1, 7, 4})}), HasSubstr("layer 'skip'"));
  EXPECT_EQ(error_of(model, {ones({1, 8, 4})}), "(no error)");
}

} // namespace
