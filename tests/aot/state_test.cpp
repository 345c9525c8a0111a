// Objects of stateful models: the state is the caller's.

#include "tests/aot/object_fixture.h"

namespace lamina::aot {
namespace {

using namespace layers;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class State : public ObjectTest {
protected:
  static Model stateful() {
    KerasTensor input = BatchInput({2, 3, 4}, {.name = "steps"});
    KerasTensor x = LSTM(8, {.return_sequences = true, .stateful = true})(input);
    x = GRU(6, {.return_sequences = true, .stateful = true})(x);
    x = SimpleRNN(5, {.go_backwards = true, .stateful = true})(x);
    return Model(input, Dense(3)(x));
  }
  static std::vector<Tensor> chunks(double start) {
    std::vector<Tensor> result;
    for (int i = 0; i < 4; ++i)
      result.push_back(numbers({2, 3, 4}, start + 10 * i));
    return result;
  }
  static std::vector<Tensor> jit(const Model &model, const std::vector<Tensor> &inputs) {
    std::vector<Tensor> result;
    model.reset_states();
    for (const Tensor &input : inputs)
      result.push_back(model.predict(input));
    return result;
  }
};

TEST_F(State, GoesOnFromCallToCall) {
  Model model = stateful();
  std::vector<Tensor> expected = jit(model, chunks(0));
  ObjectResult result = compile(model, {});
  EXPECT_THAT(result.header, AllOf(HasSubstr("size_t net_state_size(void);"), HasSubstr("void net_reset(void* state);"),
                                   HasSubstr("float* output_0, void* state, void* workspace);"),
                                   HasSubstr("'rnn_state' (2, 8) float32")));
  expect_close(answers(chunks(0), {2, 3}, "-DSTATE"), expected);
  EXPECT_NE(expected[0].str(), jit(model, chunks(10))[1].str());
}

TEST_F(State, StreamsDoNotMeet) {
  Model model = stateful();
  std::vector<Tensor> a = chunks(0), b = chunks(100), woven, expected, of_a = jit(model, a), of_b = jit(model, b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    woven.insert(woven.end(), {a[i], b[i]});
    expected.insert(expected.end(), {of_a[i], of_b[i]});
  }
  compile(model, {});
  expect_close(answers(woven, {2, 3}, "-DSTATE -DSTREAMS=2"), expected);
}

TEST_F(State, CompilingLeavesTheModelsOwn) {
  Model model = stateful();
  std::vector<Tensor> inputs = chunks(0), expected = jit(model, inputs);
  model.reset_states();
  model.predict(inputs[0]);
  compile(model, {});
  expect_close({model.predict(inputs[1])}, {expected[1]});
  expect_close(answers({inputs[0]}, {2, 3}, "-DSTATE"), {expected[0]});
}

/// Counts its calls from 3.
struct Counter : Layer<Counter> {
  void build(const Shape &) {
    count = add_weight("count", {1}, {.initializer = initializers::constant(3.0), .trainable = false});
  }
  Value call(const Value &x, CallContext &context) const {
    Value before = bind(x.graph(), count);
    context.update(count, before + 1.0);
    return x + before;
  }
  template <typename F> void fields(F &) {}
  Variable count;
};

TEST_F(State, BeginsWhereResetStatesLeavesIt) {
  auto input = BatchInput({1, 2});
  Model model(input, Counter()(input));
  compile(model, {});
  Tensor x = Tensor::zeros({1, 2});
  expect_close(answers({x, x, x}, {1, 2}, "-DSTATE"),
               {Tensor::full({1, 2}, 3), Tensor::full({1, 2}, 4), Tensor::full({1, 2}, 5)});
}

TEST_F(State, OnlyWhereThereIsOne) {
  Sequential model({Input({3, 4}), LSTM(8)});
  EXPECT_THAT(compile(model, {.batch = 1}).header, Not(HasSubstr("state")));
}

} // namespace
} // namespace lamina::aot
