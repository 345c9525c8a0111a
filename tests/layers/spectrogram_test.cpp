#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

/// [1, 12, 1]
Tensor signal() {
  Tensor x({1, 12, 1}, DType::Float32);
  for (int t = 0; t < 12; ++t)
    x.values<float>()[static_cast<std::size_t>(t)] = static_cast<float>(std::sin(0.5 * t) + 0.25 * t);
  return x;
}

Tensor transformed(const char *mode) {
  return STFTSpectrogram({.mode = mode, .frame_length = 6, .frame_step = 4, .fft_length = 8})(signal());
}

std::string message(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

} // namespace

TEST(STFTSpectrogram, Checks) {
  // Not magnitude and log, which bend too much near 0 for differences.
  for (const char *mode : {"psd", "real", "imag"})
    check_layer(STFTSpectrogram({.mode = mode, .frame_length = 8}),
                {.input_shape = {20, 2}, .expected_shape = {4, 10}});
  check_layer(STFTSpectrogram({.mode = "stft", .frame_length = 8, .expand_dims = true}),
              {.input_shape = {none, 2}, .expected_shape = {none, 10, 2}, .open_size = 20, .expected_open = 4});
  check_layer(
      STFTSpectrogram(
          {.frame_length = 8, .fft_length = 16, .window = nullptr, .padding = "same", .data_format = "channels_first"}),
      {.input_shape = {2, 20}, .expected_shape = {18, 5}});
}

TEST(STFTSpectrogram, Values) {
  expect_values(transformed("real"), {2.706226f, -1.167831f, -0.4043842f, 0.2043559f, 0.02949201f, 2.788387f,
                                      -0.6374398f, -0.7703848f, 0.01009416f, 0.007073855f});
  expect_values(transformed("imag"),
                {0, -1.83249f, 0.9702823f, -0.06024674f, 0, 0, -2.0674f, 0.4578758f, 0.1007149f, 0});
  expect_values(transformed("psd"), {7.323658f, 9.443696f, 2.209949f, 0.09078196f, 0.0008697785f, 7.775103f, 9.360949f,
                                     1.606286f, 0.02049078f, 0.00005003942f});
  expect_values(transformed("magnitude"), {2.706226f, 2.172981f, 1.051178f, 0.2130516f, 0.02949201f, 2.788387f,
                                           2.16344f, 0.8961825f, 0.1012195f, 0.007073855f});
  expect_values(transformed("log"),
                {0.995555f, 0.7761001f, 0.04991108f, -1.546221f, -3.523636f, 1.025463f, 0.7716998f, -0.1096112f,
                 -2.290464f, -4.95135f},
                1e-4f);
  expect_values(transformed("angle"), {0, -2.138186f, 1.965675f, -0.2866912f, 0, 0, -1.869877f, 2.60534f, 1.470905f, 0},
                1e-4f);
}

TEST(STFTSpectrogram, Channels) {
  Tensor one = signal(), both({1, 12, 2}, DType::Float32);
  for (std::size_t t = 0; t < 12; ++t) {
    float x = one.values<float>()[t];
    both.values<float>()[2 * t] = x;
    both.values<float>()[2 * t + 1] = -2 * x * x;
  }
  expect_values(STFTSpectrogram({.mode = "magnitude",
                                 .frame_length = 4,
                                 .frame_step = 4,
                                 .window = "hamming",
                                 .periodic = true,
                                 .scaling = "spectrum",
                                 .padding = "same",
                                 .expand_dims = true})(both),
                {1.240281f, 3.459145f, 0.671181f, 2.089518f, 0.00182125f, 0.1266553f, 1.642415f, 5.451132f, 0.6981564f,
                 2.340348f, 0.01857024f, 0.07647538f, 1.588738f, 5.212976f, 0.6947611f, 2.446303f, 0.06972706f,
                 0.586018f});
}

TEST(STFTSpectrogram, Refuses) {
  KerasTensor x = Input({20, 1});
  EXPECT_EQ(message([&] { STFTSpectrogram({.mode = "power", .name = "s"})(x); }),
            "layer 's': mode must be one of log, magnitude, psd, real, imag, angle, stft, got 'power'");
  EXPECT_EQ(message([&] { STFTSpectrogram({.frame_length = 8, .frame_step = 9, .name = "s"})(x); }),
            "layer 's': frame_step must be from 1 to frame_length, got 9 and 8");
  EXPECT_EQ(message([&] { STFTSpectrogram({.frame_length = 8, .fft_length = 4, .name = "s"})(x); }),
            "layer 's': fft_length must not be below frame_length, got 4 and 8");
  EXPECT_EQ(message([&] { STFTSpectrogram({.frame_length = 4, .window = std::vector{1.0, 2.0}, .name = "s"})(x); }),
            "layer 's': window has 2 values, expected 4");
}

TEST(MelSpectrogram, Values) {
  Tensor x = signal();
  expect_values(MelSpectrogram({.fft_length = 8,
                                .sequence_stride = 4,
                                .sequence_length = 6,
                                .sampling_rate = 1000,
                                .num_mel_bins = 3,
                                .max_freq = 450,
                                .top_db = 20})(x.reshape({1, 12})),
                {-3.000885f, 10.86585f, 7.731061f, 9.691005f, -4.181386f, 5.09757f, 1.092939f, 3.935779f, -2.921067f,
                 -3.004682f, -9.134153f, -3.2047f},
                1e-4f);
  KerasTensor input = BatchInput({none});
  Model one(input, MelSpectrogram({.fft_length = 8,
                                   .sequence_stride = 4,
                                   .window = "hamming",
                                   .sampling_rate = 1000,
                                   .num_mel_bins = 2,
                                   .power_to_db = false,
                                   .mag_exp = 1})(input));
  expect_values(one.predict(x.reshape({12})),
                {0.649332f, 3.151262f, 1.840601f, 2.762966f, 1.146412f, 0.2118395f, 0.2543767f, 0.6674485f});
}

TEST(MelSpectrogram, Checks) {
  check_layer(MelSpectrogram({.fft_length = 16, .sequence_stride = 8, .num_mel_bins = 4, .top_db = 300}),
              {.input_shape = {40}, .expected_shape = {4, 6}});
  // Shorter than the margin: the mirrors repeat.
  check_layer(MelSpectrogram(
                  {.fft_length = 32, .sequence_stride = 8, .window = nullptr, .num_mel_bins = 4, .power_to_db = false}),
              {.input_shape = {none}, .expected_shape = {4, none}, .open_size = 10, .expected_open = 2});
  EXPECT_EQ(message([] { MelSpectrogram({.fft_length = 8, .sequence_length = 9, .name = "m"})(Input({40})); }),
            "layer 'm': sequence_length must not be above fft_length, got 9 and 8");
}

TEST(SignalWindow, Values) {
  auto expect = [](const char *name, std::vector<double> half) {
    std::vector<double> window = signal_window(name, 5, false);
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_NEAR(window[i], half[std::min(i, 4 - i)], 1e-7) << name;
  };
  expect("blackman", {0, 0.34, 1});
  expect("nuttall", {0.0003628, 0.2269824, 1});
  expect("blackmanharris", {6e-05, 0.21747, 1});
  expect("flattop", {-0.000421051, -0.05473684, 1});
  expect("bartlett", {0, 0.5, 1});
  expect("barthann", {0, 0.5, 1});
  expect("bohman", {0, 0.3183099, 1});
  expect("sinc", {0, 0.6366198, 1});
  std::vector<double> periodic = signal_window("hann", 4, true);
  EXPECT_NEAR(periodic[1], 0.5, 1e-12);
  EXPECT_NEAR(periodic[2], 1.0, 1e-12);
  EXPECT_THROW(signal_window("kaiser", 4, true), Error);
}
