#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

/// h ← x · kernel + h, and the output is twice h: an output that is no state.
struct Accumulator : RNNCell<Accumulator> {
  explicit Accumulator(std::int64_t units = 1) : units(units) {}
  void build(const std::vector<Shape> &inputs) {
    kernel = add_weight("kernel", {inputs[0].back(), units}, {.initializer = "ones"});
  }
  Values call(const Values &inputs, CallContext &) const {
    Value h = dot(inputs[0], kernel) + inputs[1];
    return {h * 2.0, h};
  }
  std::vector<Shape> state_shapes() const override { return {{units}}; }
  template <typename F> void fields(F &f) { f("units", units); }
  std::int64_t units;
  Variable kernel;
};
LAMINA_REGISTER_LAYER(Accumulator, "recurrent_test");

/// h ← x + h
SimpleRNN sums(bool return_sequences, bool go_backwards = false, bool stateful = false) {
  return SimpleRNN(1, {.activation = "linear",
                       .kernel_initializer = "ones",
                       .recurrent_initializer = "ones",
                       .return_sequences = return_sequences,
                       .go_backwards = go_backwards,
                       .stateful = stateful});
}

Tensor steps() { return Tensor{1., 2., 3.}.reshape({1, 3, 1}); }

/// The message of the error that a call of the layer gives.
template <typename L> std::string error_of(L layer, const Shape &shape, const CallArguments &arguments = {}) {
  try {
    layer(Input(shape), arguments);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

#define EXPECT_MENTIONS(text, part)                                                                                    \
  do {                                                                                                                 \
    std::string message = text;                                                                                        \
    EXPECT_NE(message.find(part), std::string::npos) << message;                                                       \
  } while (false)

} // namespace

TEST(RNN, Checks) {
  check_layer(RNN(LSTMCell(3)), {.input_shape = {4, 2}, .expected_shape = {3}});
  check_layer(RNN(GRUCell(3), {.return_sequences = true}), {.input_shape = {none, 2}, .expected_shape = {none, 3}});
  check_layer(RNN(SimpleRNNCell(3), {.go_backwards = true}), {.input_shape = {4, 2}, .expected_shape = {3}});
  check_layer(RNN({LSTMCell(3), GRUCell(2)}), {.input_shape = {4, 2}, .expected_shape = {2}});
}

TEST(RNN, CellOfOnesOwn) {
  expect_values(RNN(Accumulator(1))(steps()), {12});
  expect_values(RNN(Accumulator(1), {.return_sequences = true})(steps()), {2, 6, 12});
  check_layer(RNN({Accumulator(2), SimpleRNNCell(3)}), {.input_shape = {4, 2}, .expected_shape = {3}});
  // Steps of 1, 3 and 6, doubled, are summed by the second cell and doubled again.
  expect_values(RNN({Accumulator(1), Accumulator(1)}, {.return_sequences = true})(steps()), {4, 16, 40});
}

TEST(RNN, GivesTheStatesOfAllCells) {
  KerasTensor input = Input({4, 2});
  std::vector<KerasTensor> outputs = RNN({LSTMCell(3), GRUCell(2)}, {.return_state = true})(input).outputs();
  ASSERT_EQ(outputs.size(), 4u);
  EXPECT_EQ(outputs[1].shape(), Shape({none, 3}));
  EXPECT_EQ(outputs[3].shape(), Shape({none, 2}));
}

TEST(RNN, SaysWhatItNeeds) {
  EXPECT_MENTIONS(error_of(RNN(Dense(3)), {4, 2}), "RNNCell");
  EXPECT_MENTIONS(error_of(RNN({LSTMCell(3), LSTMCell(0)}), {4, 2}), "units must be a positive integer");
  EXPECT_MENTIONS(error_of(RNN(LSTMCell(3)), {4}), "at least 3 dimensions");
  EXPECT_MENTIONS(error_of(LSTM(3), {4, 2}, {.initial_state = {Input({3}), Input({2})}}), "initial_state 1");
}

TEST(Bidirectional, Checks) {
  check_layer(Bidirectional(LSTM(3)), {.input_shape = {4, 2}, .expected_shape = {6}});
  check_layer(Bidirectional(GRU(3, {.return_sequences = true}), {.merge_mode = "ave"}),
              {.input_shape = {none, 2}, .expected_shape = {none, 3}});
  check_layer(Bidirectional(RNN({SimpleRNNCell(2), GRUCell(3)}), {.merge_mode = "mul"}),
              {.input_shape = {4, 2}, .expected_shape = {3}});
  check_layer(Bidirectional(LSTM(3), {.backward_layer = GRU(2, {.go_backwards = true})}),
              {.input_shape = {4, 2}, .expected_shape = {5}});
}

TEST(Bidirectional, Values) {
  expect_values(Bidirectional(sums(true))(steps()), {1, 6, 3, 5, 6, 3});
  expect_values(Bidirectional(sums(true), {.merge_mode = "sum"})(steps()), {7, 8, 9});
  expect_values(Bidirectional(sums(false), {.merge_mode = "mul"})(steps()), {36});
  expect_values(Bidirectional(sums(true), {.merge_mode = "ave"})(steps()), {3.5, 4, 4.5});
  expect_values(Bidirectional(sums(false), {.weights = {Tensor{2.}.reshape({1, 1}), Tensor{1.}.reshape({1, 1}),
                                                        Tensor{0.}, Tensor{3.}.reshape({1, 1}),
                                                        Tensor{1.}.reshape({1, 1}), Tensor{0.}}})(steps()),
                {12, 18});
}

TEST(Bidirectional, BothOutputsAndStates) {
  KerasTensor input = Input({3, 1}), h = Input({1}), back = Input({1});
  SimpleRNN rnn = sums(false);
  rnn.options.return_state = true;
  Bidirectional layer(rnn, {.merge_mode = {}});
  std::vector<KerasTensor> outputs = layer(input, {.initial_state = {h, back}}).outputs();
  ASSERT_EQ(outputs.size(), 4u);
  std::vector<Tensor> y =
      Model({input, h, back}, outputs).predict({steps(), Tensor::full({1, 1}, 10), Tensor::full({1, 1}, 20)});
  for (std::size_t i = 0; i < 4; ++i)
    expect_values(y[i], {i % 2 ? 26.f : 16.f});
}

TEST(Bidirectional, MaskedStepsGiveZero) {
  KerasTensor input = Input({4, 1});
  Model model(input, Bidirectional(sums(true))(Masking()(input)));
  expect_values(model.predict(Tensor{0., 1., 0., 2.}.reshape({1, 4, 1})), {0, 0, 1, 3, 0, 0, 3, 2});
}

TEST(Bidirectional, StatefulGoesOn) {
  KerasTensor input = BatchInput({1, 3, 1});
  Model model(input, Bidirectional(sums(false, false, true))(input));
  expect_values(model.predict(steps()), {6, 6});
  expect_values(model.predict(steps()), {12, 12});
  model.reset_states();
  expect_values(model.predict(steps()), {6, 6});
}

TEST(Bidirectional, TakesOneSizeForAllAxes) {
  check_layer(Bidirectional(ConvLSTM2D(1, 2), {.merge_mode = "sum"}),
              {.input_shape = {2, 3, 3, 1}, .expected_shape = {2, 2, 1}});
}

TEST(Bidirectional, SaysWhatItNeeds) {
  EXPECT_MENTIONS(error_of(Bidirectional(Dense(3)), {4, 2}), "recurrent layer");
  EXPECT_MENTIONS(error_of(Bidirectional(LSTM(3), {.merge_mode = "max"}), {4, 2}), "merge_mode");
  EXPECT_MENTIONS(error_of(Bidirectional(LSTM(3), {.backward_layer = LSTM(3)}), {4, 2}), "go_backwards");
  EXPECT_MENTIONS(
      error_of(Bidirectional(LSTM(3, {.return_sequences = true}), {.backward_layer = LSTM(3, {.go_backwards = true})}),
               {4, 2}),
      "return_sequences");
}

TEST(TimeDistributed, Checks) {
  check_layer(TimeDistributed(Dense(3, {.activation = "tanh"})), {.input_shape = {4, 2}, .expected_shape = {4, 3}});
  check_layer(TimeDistributed(Conv2D(2, 3)), {.input_shape = {none, 5, 5, 1}, .expected_shape = {none, 3, 3, 2}});
  check_layer(TimeDistributed(LSTM(3)), {.input_shape = {none, 4, 2}, .expected_shape = {none, 3}});
  check_layer(TimeDistributed(Sequential({Dense(4), Dense(2)})), {.input_shape = {3, 5}, .expected_shape = {3, 2}});
  check_layer(TimeDistributed(TimeDistributed(Dense(2))),
              {.input_shape = {3, none, 5}, .expected_shape = {3, none, 2}});
}

TEST(TimeDistributed, StatisticsMoveStepByStep) {
  KerasTensor input = Input({2, 1});
  TimeDistributed layer(BatchNormalization({.momentum = 0.5}));
  Model model(input, layer(input));
  // In training each step has the mean of its own batch.
  Tensor y = model.run({Tensor{1., 10., 3., 30.}.reshape({2, 2, 1})}, {.training = true})[0];
  expect_values(y, {-1, -1, 1, 1}, 1e-2f);
  // Mean 2, then 20: 0.5 · (0.5 · 0 + 0.5 · 2) + 0.5 · 20.
  expect_values(layer.layer->non_trainable_weights()[0].value(), {10.5}, 1e-4f);
}

TEST(TimeDistributed, SaysWhatItNeeds) {
  EXPECT_MENTIONS(error_of(TimeDistributed(Dense(3)), {4}), "at least 3 dimensions");
  EXPECT_MENTIONS(error_of(TimeDistributed(Dense(3)), {4, 2}, {.mask = Input({5}, {.dtype = DType::Bool})}), "mask");
}

TEST(ConvLSTM, Checks) {
  check_layer(ConvLSTM1D(2, 2), {.input_shape = {3, 4, 1}, .expected_shape = {3, 2}});
  check_layer(ConvLSTM2D(2, 3, {.padding = "same", .return_sequences = true}),
              {.input_shape = {none, 4, 3, 1}, .expected_shape = {none, 4, 3, 2}});
  check_layer(ConvLSTM2D(2, 2, {.strides = 2, .data_format = "channels_first"}),
              {.input_shape = {3, 1, 4, 4}, .expected_shape = {2, 2, 2}});
  check_layer(ConvLSTM3D(1, 2), {.input_shape = {2, 3, 2, 2, 1}, .expected_shape = {2, 1, 1, 1}});
}

TEST(ConvLSTM, SaysWhatItNeeds) {
  EXPECT_MENTIONS(error_of(ConvLSTM2D(2, 3), {3, none, 4, 1}), "must be known");
  EXPECT_MENTIONS(error_of(ConvLSTM2D(2, 5), {3, 4, 4, 1}), "does not fit");
  EXPECT_MENTIONS(error_of(ConvLSTM2D(2, 3, {.strides = 2, .dilation_rate = 2}), {3, 8, 8, 1}), "strides");
}
