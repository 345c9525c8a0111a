#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(LSTM, Checks) {
  check_layer(LSTM(3), {.input_shape = {4, 2}, .expected_shape = {3}});
  check_layer(LSTM(3, {.return_sequences = true}), {.input_shape = {none, 2}, .expected_shape = {none, 3}});
  check_layer(LSTM(3, {.use_bias = false, .go_backwards = true}), {.input_shape = {4, 2}, .expected_shape = {3}});
}

TEST(Recurrent, TrainableReachesTheCell) {
  auto trained = [](auto layer, const Shape &shape) {
    KerasTensor input = Input(shape);
    return Model(input, layer(input)).trainable_weights().size();
  };
  EXPECT_EQ(trained(LSTM(2, {.trainable = false}), {4, 3}), 0u);
  EXPECT_EQ(trained(GRU(2, {.trainable = false}), {4, 3}), 0u);
  EXPECT_EQ(trained(SimpleRNN(2, {.trainable = false}), {4, 3}), 0u);
  EXPECT_EQ(trained(Bidirectional(LSTM(2, {.trainable = false})), {4, 3}), 0u);
  // In Keras this one's trains on.
  EXPECT_EQ(trained(ConvLSTM1D(2, 2, {.trainable = false}), {3, 4, 1}), 3u);
}

TEST(GRU, Checks) {
  check_layer(GRU(3), {.input_shape = {4, 2}, .expected_shape = {3}});
  check_layer(GRU(3, {.reset_after = false, .return_sequences = true}),
              {.input_shape = {4, 2}, .expected_shape = {4, 3}});
}

TEST(SimpleRNN, Values) {
  // h ← x + h, so the states are running sums.
  SimpleRNN rnn(1, {.activation = "linear",
                    .kernel_initializer = "ones",
                    .recurrent_initializer = "ones",
                    .return_sequences = true});
  Tensor x = Tensor{1., 2., 3.}.reshape({1, 3, 1});
  expect_values(rnn(x), {1, 3, 6});
  SimpleRNN backwards(1, {.activation = "linear",
                          .kernel_initializer = "ones",
                          .recurrent_initializer = "ones",
                          .return_sequences = true,
                          .go_backwards = true});
  expect_values(backwards(x), {3, 5, 6});
}

TEST(SimpleRNN, MaskedStepsKeepTheState) {
  KerasTensor input = Input({4, 1});
  auto run = [&](SimpleRNN rnn) {
    return Model(input, rnn(Masking()(input))).predict(Tensor{0., 1., 0., 2.}.reshape({1, 4, 1}));
  };
  SimpleRNN::Options options{
      .activation = "linear", .kernel_initializer = "ones", .recurrent_initializer = "ones", .return_sequences = true};
  expect_values(run(SimpleRNN(1, options)), {0, 1, 1, 3});
  options.zero_output_for_mask = true;
  expect_values(run(SimpleRNN(1, options)), {0, 1, 0, 3});
}

TEST(LSTM, GivesItsStates) {
  KerasTensor input = Input({4, 2}), h = Input({3}), c = Input({3});
  LSTM lstm(3, {.return_state = true});
  std::vector<KerasTensor> outputs = lstm(input, {.initial_state = {h, c}}).outputs();
  ASSERT_EQ(outputs.size(), 3u);
  std::vector<Tensor> y = Model({input, h, c}, outputs)
                              .predict({Tensor::full({2, 4, 2}, 0.1), Tensor::zeros({2, 3}), Tensor::zeros({2, 3})});
  EXPECT_TRUE(std::equal(y[0].values<float>().begin(), y[0].values<float>().end(), y[1].values<float>().begin()));
}

TEST(LSTM, OneStepGivesItsStates) {
  KerasTensor input = Input({1, 2});
  std::vector<KerasTensor> states = LSTM(3, {.bias_initializer = "ones", .return_state = true})(input).outputs();
  std::vector<Tensor> both = Model({input}, {states[1], states[2]}).run({Tensor::zeros({1, 1, 2})});
  // σ(1) tanh(1) and σ(1) tanh of that.
  expect_values(both[1], {0.556770, 0.556770, 0.556770});
  expect_values(both[0], {0.369606, 0.369606, 0.369606});
  check_layer(LSTM(3), {.input_shape = {1, 2}, .expected_shape = {3}});
}

TEST(LSTM, StatefulGoesOn) {
  KerasTensor input = BatchInput({1, 2, 1});
  SimpleRNN rnn(
      1, {.activation = "linear", .kernel_initializer = "ones", .recurrent_initializer = "ones", .stateful = true});
  Model model(input, rnn(input));
  Tensor x = Tensor{1., 2.}.reshape({1, 2, 1});
  expect_values(model.predict(x), {3});
  expect_values(model.predict(x), {6});
  model.reset_states();
  expect_values(model.predict(x), {3});
}

TEST(LSTM, OneCompilationForAllLengths) {
  KerasTensor input = Input({none, 2});
  Model model(input, LSTM(3)(input));
  for (std::int64_t length : {1, 4, 9})
    EXPECT_EQ(model.predict(Tensor::full({2, length, 2}, 0.5)).shape(), Shape({2, 3}));
  EXPECT_EQ(model.compilations(), 1);
}
