#ifndef LAMINA_LAYERS_PREPROCESSING_MEL_SPECTROGRAM_H
#define LAMINA_LAYERS_PREPROCESSING_MEL_SPECTROGRAM_H

#include <cmath>
#include <numbers>

#include <lamina/layers/support.h>
#include <lamina/windows.h>

namespace lamina::layers {

/// The power of a signal over time, in bands of the mel scale.
///
///     p = (|Σ_t x[s · stride + t] w[t] e^(−2πi t f / fft_length)| ^ mag_exp) · M
///     y = 10 log₁₀ max(p, min_power) − 10 log₁₀ max(|ref_power|, min_power), at least max y − top_db
///
/// (samples) or (batch, samples) → (…, num_mel_bins, 1 + samples / stride): frames are centred, the signal is
/// reflected at its ends. M has triangles between min_freq and max_freq whose corners are equally far apart in mel,
/// 1127 ln(1 + f / 700). Without power_to_db, y = p. The window (sequence_length, in the middle of a frame) is hann,
/// hamming, a list or none. The transform is a convolution with the sines and cosines. Errors: sequence_length above
/// fft_length, a signal that is too short to be reflected. Keras: layers.MelSpectrogram.
class MelSpectrogram : public Layer<MelSpectrogram> {
public:
  struct Options {
    std::int64_t fft_length = 2048;
    std::int64_t sequence_stride = 512;
    std::optional<std::int64_t> sequence_length = {};
    Config window = "hann";
    double sampling_rate = 16000;
    std::int64_t num_mel_bins = 128;
    double min_freq = 20.0;
    std::optional<double> max_freq = {};
    bool power_to_db = true;
    double top_db = 80.0;
    double mag_exp = 2.0;
    double min_power = 1e-10;
    double ref_power = 1.0;
    LAMINA_COMMON_OPTIONS;
  };

  MelSpectrogram() : MelSpectrogram(Options()) {}
  explicit MelSpectrogram(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() {
    check_positive(options.fft_length, "fft_length");
    check_positive(options.sequence_stride, "sequence_stride");
    check_positive(options.num_mel_bins, "num_mel_bins");
    options.sequence_length = options.sequence_length.value_or(options.fft_length);
    check_positive(*options.sequence_length, "sequence_length");
    if (*options.sequence_length > options.fft_length)
      throw Error("sequence_length must not be above fft_length, got " + std::to_string(*options.sequence_length) +
                  " and " + std::to_string(options.fft_length));
    options.max_freq = options.max_freq.value_or(std::trunc(options.sampling_rate / 2));
    if (options.window.is_string() && options.window.as_string() != "hann" && options.window.as_string() != "hamming")
      throw Error("window must be hann, hamming, a list or none, got '" + options.window.as_string() + "'");
  }

  void build(const Shape &) {
    bases = make_bases().astype(dtype());
    bands = make_bands().astype(dtype());
  }

  Value call(const Value &input, CallContext &) const {
    if (input.rank() < 1)
      throw Error("expects signals (..., samples), got shape " + input.shape().str());
    Value x = expand_dims(cast(input, dtype()), -1);
    if (input.rank() == 1)
      x = expand_dims(x, 0);
    else if (input.rank() > 2)
      x = detail::reshape(x, {-1, -2 - (input.rank() - 1), 1});
    Value y = power(x);
    if (options.power_to_db) {
      double reference = std::max(std::abs(options.ref_power), options.min_power);
      y = 10.0 * log10(maximum(y, options.min_power)) - 10.0 * std::log10(reference);
      y = maximum(y, max(y) - options.top_db);
    }
    y = transpose(y, {0, 2, 1});
    if (input.rank() == 2)
      return y;
    Dims dims = dims_of(input);
    dims.pop_back();
    dims.push_back(Dim(y, 1));
    dims.push_back(Dim(y, 2));
    return reshape(y, dims);
  }

  template <typename F> void fields(F &f) {
    f("fft_length", options.fft_length);
    f("sequence_stride", options.sequence_stride);
    f("sequence_length", options.sequence_length);
    f("window", options.window);
    f("sampling_rate", options.sampling_rate);
    f("num_mel_bins", options.num_mel_bins);
    f("min_freq", options.min_freq);
    f("max_freq", options.max_freq);
    f("power_to_db", options.power_to_db);
    f("top_db", options.top_db);
    f("mag_exp", options.mag_exp);
    f("min_power", options.min_power);
    f("ref_power", options.ref_power);
  }

  Options options;

private:
  std::int64_t frequencies() const { return options.fft_length / 2 + 1; }
  /// Where the window begins in a frame.
  std::int64_t offset() const { return (options.fft_length - window_length()) / 2; }
  /// Without a window, all of a frame counts.
  std::int64_t window_length() const {
    return options.window.is_null() ? options.fft_length : *options.sequence_length;
  }

  /// [N, T, 1] → [N, frames, bins]
  Value power(const Value &x) const {
    std::int64_t margin = options.fft_length / 2;
    Value padded = pad_mirrored(x, 1, margin, margin, /*edge=*/false);
    // A frame's zeros around the window are left out.
    padded = slice_axis(
        padded, 1, offset(),
        offset() + window_length() == options.fft_length ? to_end : offset() + window_length() - options.fft_length);
    Value y = conv(padded, bind(x.graph(), bases), {.strides = {options.sequence_stride}});
    Value squares = square(slice_axis(y, 2, 0, frequencies())) + square(slice_axis(y, 2, frequencies()));
    if (options.mag_exp != 2.0)
      squares = lamina::power(squares, options.mag_exp / 2);
    return matmul(squares, bind(x.graph(), bands));
  }

  /// [window, 1, cosines then sines], each times the window.
  Tensor make_bases() const {
    std::vector<double> window = signal_window(options.window, window_length(), /*periodic=*/true);
    std::int64_t n = window_length(), f = frequencies();
    Tensor result({n, 1, 2 * f}, DType::Float64);
    auto *at = result.data<double>();
    for (std::int64_t t = 0; t < n; ++t)
      for (std::int64_t k = 0; k < 2 * f; ++k) {
        std::int64_t turns = (t + offset()) * (k % f) % options.fft_length;
        double angle = 2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(options.fft_length);
        *at++ = window[static_cast<std::size_t>(t)] * (k < f ? std::cos(angle) : std::sin(angle));
      }
    return result;
  }

  static double mel(double frequency) { return 1127.0 * std::log(1.0 + frequency / 700.0); }

  /// M: [frequencies, bins]; none for frequency 0.
  Tensor make_bands() const {
    std::int64_t bins = options.num_mel_bins;
    Tensor result = Tensor::zeros({frequencies(), bins}, DType::Float64);
    double low = mel(options.min_freq), step = (mel(*options.max_freq) - low) / static_cast<double>(bins + 1);
    for (std::int64_t k = 1; k < frequencies(); ++k) {
      double at = mel(options.sampling_rate / 2 * static_cast<double>(k) / static_cast<double>(frequencies() - 1));
      for (std::int64_t bin = 0; bin < bins; ++bin) {
        double rising = (at - low) / step - static_cast<double>(bin);
        result.at<double>(k, bin) = std::max(0.0, std::min(rising, 2 - rising));
      }
    }
    return result;
  }

  Tensor bases, bands;
};

LAMINA_REGISTER_LAYER(MelSpectrogram, "keras");

} // namespace lamina::layers

#endif
