// Objects for other machines, run under emulation.

#include "tests/aot/object_fixture.h"

namespace lamina::aot {
namespace {

using namespace layers;

struct Target {
  std::string name;
  Machine machine;
  /// A feature of /proc/cpuinfo that a program for this machine needs here.
  std::string needs = "";

  friend void PrintTo(const Target &target, std::ostream *stream) { *stream << target.name; }
};

class Targets : public ObjectTest, public ::testing::WithParamInterface<Target> {
protected:
  void SetUp() override {
    const Target &target = GetParam();
    std::string tool = target.machine.emulator.substr(0, target.machine.emulator.find(' '));
    if (!tool.empty() && call("command -v " + tool).code != 0)
      GTEST_SKIP() << tool << " is missing; ./dev test installs it";
    if (!target.needs.empty() && call("grep -qw " + target.needs + " /proc/cpuinfo").code != 0)
      GTEST_SKIP() << "this CPU lacks " << target.needs;
  }
};

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

const std::string node = "node " LAMINA_SOURCE_DIR "/tests/aot/run.mjs";

INSTANTIATE_TEST_SUITE_P(All, Targets,
                         ::testing::Values(Target{"x86_64", {"x86_64-linux-gnu", "x86-64"}},
                                           Target{"x86_64_v2", {"x86_64-linux-gnu", "x86-64-v2"}, "sse4_2"},
                                           Target{"x86_64_v3", {"x86_64-linux-gnu", "x86-64-v3"}, "avx2"},
                                           Target{"x86_64_v4", {"x86_64-linux-gnu", "x86-64-v4"}, "avx512vl"},
                                           Target{"aarch64", {"aarch64-linux-gnu", "", "qemu-aarch64"}},
                                           Target{"riscv64", {"riscv64-linux-gnu", "", "qemu-riscv64"}},
                                           Target{"wasm32", {"wasm32-unknown-unknown", "", node}},
                                           Target{"wasm32_mvp", {"wasm32-unknown-unknown", "mvp", node}}),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace lamina::aot
