// Objects for other machines, run under emulation.

#include "tests/aot/object_fixture.h"

namespace lamina::aot {
namespace {

using namespace layers;

struct Target {
  std::string name;
  Machine machine;

  friend void PrintTo(const Target &target, std::ostream *stream) { *stream << target.name; }
};

/// The levels of x86-64 that this CPU has, and machines that are emulated.
std::vector<Target> targets() {
  const std::string node = "node " LAMINA_SOURCE_DIR "/tests/aot/run.mjs";
  std::vector<Target> result = {{"aarch64", {"aarch64-linux-gnu", "", "qemu-aarch64"}},
                                {"riscv64", {"riscv64-linux-gnu", "", "qemu-riscv64"}},
                                {"wasm32", {"wasm32-unknown-unknown", "", node}},
                                {"wasm32_mvp", {"wasm32-unknown-unknown", "mvp", node}},
                                {"x86_64", {"x86_64-linux-gnu", "x86-64"}}};
  if (__builtin_cpu_supports("x86-64-v2"))
    result.push_back({"x86_64_v2", {"x86_64-linux-gnu", "x86-64-v2"}});
  if (__builtin_cpu_supports("x86-64-v3"))
    result.push_back({"x86_64_v3", {"x86_64-linux-gnu", "x86-64-v3"}});
  if (__builtin_cpu_supports("x86-64-v4"))
    result.push_back({"x86_64_v4", {"x86_64-linux-gnu", "x86-64-v4"}});
  return result;
}

class Targets : public ObjectTest, public ::testing::WithParamInterface<Target> {};

TEST_P(Targets, AnswerAsTheJit) {
  auto input = BatchInput({none, 12, 10, 2});
  KerasTensor x = Conv2D(16, {3, 3}, {.activation = "relu", .padding = "same"})(input);
  x = MaxPooling2D({2, 2})(x);
  x = LayerNormalization()(Reshape({6, 80})(x));
  x = LSTM(24)(x);
  x = Dense(20, {.activation = "gelu"})(x);
  Model model(input, Dense(10, {.activation = "softmax"})(x));
  std::vector<Tensor> inputs = {numbers({3, 12, 10, 2}), numbers({3, 12, 10, 2}, 100)}, expected;
  for (const Tensor &batch : inputs)
    expected.push_back(model.predict(batch));
  compile(model, {}, GetParam().machine);
  expect_close(answers(inputs, {3, 10}, "-DROWS=3", GetParam().machine), expected);
}

TEST_P(Targets, CarryStateAndTakeWeights) {
  auto input = BatchInput({1, 2, 4});
  Model model(input, Dense(3, {.activation = "tanh"})(LSTM(16, {.stateful = true})(input)));
  std::vector<Tensor> inputs = {numbers({1, 2, 4}), numbers({1, 2, 4}, 10)}, expected;
  for (const Tensor &chunk : inputs)
    expected.push_back(model.predict(chunk));
  ObjectResult result = compile(model, {.external_weights = true}, GetParam().machine);
  expect_close(answers(inputs, {1, 3}, "-DSTATE -DWEIGHTS", GetParam().machine, result.weights), expected);
}

/// What some machines have no instruction for, on numbers at its borders.
struct Rounding : Layer<Rounding> {
  Value call(const Value &x, CallContext &) const {
    return concatenate({floor(x), ceil(x), round(x), Value(cast(floor(cast(x, DType::Float64)), DType::Float32))});
  }
  template <typename F> void fields(F &) {}
};

TEST_P(Targets, Round) {
  auto input = BatchInput({1, 32});
  Model model(input, Rounding()(input));
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float values[] = {0,          .5f,      1.5f,       2.5f, .49999997f, 1e-40f, 7,
                          8388607.5f, 16777215, 2147483648, 3e9f, 1e19f,      1e30f,  infinity};
  Tensor x = Tensor::zeros({1, 32});
  for (std::size_t i = 0; i < std::size(values); ++i) {
    x.data<float>()[2 * i] = values[i];
    x.data<float>()[2 * i + 1] = -values[i];
  }
  x.data<float>()[31] = std::nanf("");
  compile(model, {}, GetParam().machine);
  std::vector<Tensor> found = answers({x}, {1, 128}, "", GetParam().machine);
  ASSERT_EQ(found.size(), 1u);
  Tensor expected = model.predict(x);
  for (int i = 0; i < 128; ++i) {
    float a = found[0].data<float>()[i], b = expected.data<float>()[i];
    EXPECT_TRUE((a == b && std::signbit(a) == std::signbit(b)) || (std::isnan(a) && std::isnan(b)))
        << i / 32 << " of " << x.data<float>()[i % 32] << ": " << a << " is not " << b;
  }
}

/// Through 16 bits and back.
struct Halves : Layer<Halves> {
  Value call(const Value &x, CallContext &) const {
    return concatenate(
        {Value(cast(cast(x, DType::Float16), DType::Float32)), Value(cast(cast(x, DType::BFloat16), DType::Float32))});
  }
  template <typename F> void fields(F &) {}
};

TEST_P(Targets, RoundToHalves) {
  auto input = BatchInput({1, 64});
  Model model(input, Halves()(input));
  constexpr float infinity = std::numeric_limits<float>::infinity();
  // The borders of half's normal, subnormal and finite numbers, ties to even, and what is no number.
  const float values[] = {0,         1,         1.0009765f,    1.0004882f, 1.0014648f, 65504,   65519.99f,
                          65520,     1e6f,      3.4e38f,       6.1035e-5f, 6.09e-5f,   3e-5f,   5.96e-8f,
                          2.98e-8f,  2.981e-8f, 8.94e-8f,      1e-9f,      1e-40f,     .3333f,  1.00390625f,
                          1.001953f, 1.005859f, 3.3961776e38f, 2049,       2051,       infinity};
  Tensor x = Tensor::zeros({1, 64});
  for (std::size_t i = 0; i < std::size(values); ++i) {
    x.data<float>()[2 * i] = values[i];
    x.data<float>()[2 * i + 1] = -values[i];
  }
  x.data<float>()[63] = std::nanf("");
  compile(model, {}, GetParam().machine);
  std::vector<Tensor> found = answers({x}, {1, 128}, "", GetParam().machine);
  ASSERT_EQ(found.size(), 1u);
  for (int i = 0; i < 128; ++i) {
    float from = x.data<float>()[i % 64], a = found[0].data<float>()[i];
    float b = i < 64 ? static_cast<float>(float16(from)) : static_cast<float>(bfloat16(from));
    EXPECT_TRUE((a == b && std::signbit(a) == std::signbit(b)) || (std::isnan(a) && std::isnan(b)))
        << (i < 64 ? "float16" : "bfloat16") << " of " << from << ": " << a << " is not " << b;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Targets, ::testing::ValuesIn(targets()),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace lamina::aot
