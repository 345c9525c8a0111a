// Objects that leave their weights to the caller.

#include "tests/aot/object_fixture.h"

namespace lamina::aot {
namespace {

using namespace layers;
using ::testing::HasSubstr;
using ::testing::Not;

class Weights : public ObjectTest {
protected:
  /// Of its weights some are packed for the kernels, some are read as they are.
  static Model mixed() {
    return Sequential({Input({8, 8, 3}), Conv2D(32, {3, 3}, {.activation = "relu"}), BatchNormalization(), Flatten(),
                       Dense(64, {.activation = "gelu"}), Dense(3)});
  }
};

TEST_F(Weights, ExternalOnesAnswerAsEmbeddedOnes) {
  Model model = mixed();
  Tensor x = numbers({2, 8, 8, 3});
  ObjectResult embedded = compile(model, {});
  EXPECT_EQ(embedded.weights, "");
  EXPECT_THAT(embedded.header, Not(HasSubstr("weights")));
  std::vector<Tensor> expected = answers({x}, {2, 3}, "-DROWS=2");
  ASSERT_EQ(expected.size(), 1u);
  expect_close(expected, {model.predict(x)});

  ObjectResult external = compile(model, {.external_weights = true});
  EXPECT_THAT(external.header, HasSubstr("float* output_0, const void* weights, void* workspace);"));
  EXPECT_EQ(external.weights.size() % 64, 0u);
  // The weights once: what is packed is not there unpacked too.
  EXPECT_LT(external.weights.size(), 4 * static_cast<std::size_t>(model.count_params()) + (1 << 11));
  EXPECT_LT(external.object.size() + external.weights.size() / 2, embedded.object.size());
  std::vector<Tensor> found = answers({x}, {2, 3}, "-DROWS=2 -DWEIGHTS", {}, external.weights);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(std::memcmp(found[0].raw(), expected[0].raw(), static_cast<std::size_t>(expected[0].nbytes())), 0);
}

TEST_F(Weights, BesideAState) {
  auto input = BatchInput({1, 3, 4});
  Model model(input, Dense(2)(LSTM(32, {.stateful = true})(input)));
  std::vector<Tensor> inputs = {numbers({1, 3, 4}), numbers({1, 3, 4}, 10)}, expected;
  for (const Tensor &x : inputs)
    expected.push_back(model.predict(x));
  ObjectResult result = compile(model, {.external_weights = true});
  EXPECT_THAT(result.header, HasSubstr("float* output_0, const void* weights, void* state, void* workspace);"));
  expect_close(answers(inputs, {1, 2}, "-DWEIGHTS -DSTATE", {}, result.weights), expected);
}

TEST_F(Weights, AModelWithoutAny) {
  Sequential model({Input({4}), Activation("relu")});
  ObjectResult result = compile(model, {.batch = 1, .external_weights = true});
  EXPECT_EQ(result.weights, "");
  expect_close(answers({numbers({1, 4})}, {1, 4}, "-DWEIGHTS"), {model.predict(numbers({1, 4}))});
}

TEST_F(Weights, LieBesideTheObject) {
  Model model = mixed();
  EXPECT_EQ(weights_path("a.b/model.o"), "a.b/model.weights");
  EXPECT_EQ(weights_path("a.b/model"), "a.b/model.weights");
  compile_object(model, path("net.o"), path("net.h"), {.name = "net", .external_weights = true});
  EXPECT_EQ(runtime::read_file(path("net.weights"), 1 << 24),
            compile_object(model, {.external_weights = true}).weights);
}

} // namespace
} // namespace lamina::aot
