#ifndef LAMINA_LAYERS_PREPROCESSING_STFT_SPECTROGRAM_H
#define LAMINA_LAYERS_PREPROCESSING_STFT_SPECTROGRAM_H

#include <bit>

#include <lamina/layers/support.h>
#include <lamina/windows.h>

namespace lamina::layers {

/// The short-time Fourier transform of each channel of a signal: convolutions with kernels that train like others.
///
///     r, i = Σ_t x[s · step + t] w[t] (cos, sin)(−2π t f / fft_length)
///     real r · imag i · angle atan2(i, r) · stft r, i · psd r² + i², doubled between the ends
///     magnitude m = √max(r² + i², ε) · log ln max(m, ε)                                         ε = 1e-7
///
/// (batch, time, channels) → (batch, frames, channels · frequencies), with expand_dims (batch, frames, frequencies,
/// channels); channels_first: (batch, channels, time) → (batch, channels · frequencies, frames), (batch, channels,
/// frames, frequencies). There are fft_length / 2 + 1 frequencies, twice as many in mode stft. The window is one of
/// scipy's names, a list or none, and is divided by its 2-norm (density), 1-norm (spectrum) or nothing. Errors: a
/// frame_step above frame_length, an fft_length below it, unknown modes, scalings, paddings and windows, integers.
/// Keras: layers.STFTSpectrogram.
class STFTSpectrogram : public Layer<STFTSpectrogram> {
public:
  struct Options {
    std::string mode = "log";
    std::int64_t frame_length = 256;
    std::optional<std::int64_t> frame_step = {};
    std::optional<std::int64_t> fft_length = {};
    Config window = "hann";
    bool periodic = false;
    std::optional<std::string> scaling = "density";
    std::string padding = "valid";
    bool expand_dims = false;
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  STFTSpectrogram() : STFTSpectrogram(Options()) {}
  explicit STFTSpectrogram(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() const {
    check_positive(options.frame_length, "frame_length");
    if (std::int64_t step = frame_step(); step < 1 || step > options.frame_length)
      throw Error("frame_step must be from 1 to frame_length, got " + std::to_string(step) + " and " +
                  std::to_string(options.frame_length));
    if (fft_length() < options.frame_length)
      throw Error("fft_length must not be below frame_length, got " + std::to_string(fft_length()) + " and " +
                  std::to_string(options.frame_length));
    one_of("mode", options.mode, {"log", "magnitude", "psd", "real", "imag", "angle", "stft"});
    one_of("scaling", options.scaling.value_or("none"), {"density", "spectrum", "none"});
    signal_window(options.window, options.frame_length, options.periodic);
    check_padding(options.padding);
    is_channels_first(options.data_format);
  }

  void build(const Shape &) {
    Shape shape{options.frame_length, 1, fft_length() / 2 + 1};
    auto kernel = [&](const char *side) {
      return add_weight(
          std::string(side) + "_kernel", shape,
          {.initializer = initializers::stft(side, options.window, Config(options.scaling), options.periodic)});
    };
    if (options.mode != "imag")
      real_kernel = kernel("real");
    if (options.mode != "real")
      imag_kernel = kernel("imag");
  }

  Value call(const Value &x, CallContext &) const {
    if (!is_floating(x.dtype()))
      throw Error("expects floating-point numbers, got " + std::string(dtype_name(x.dtype())));
    std::int64_t channels = known_channels(x.shape(), 1, options.data_format);
    const std::string &mode = options.mode;
    // Frequencies last: [N, C, frames, F].
    Value real = mode == "imag" ? Value() : transformed(x, channels, real_kernel);
    Value imag = mode == "real" ? Value() : transformed(x, channels, imag_kernel);
    if (mode == "real")
      return arranged(real);
    if (mode == "imag")
      return arranged(imag);
    if (mode == "angle")
      return arranged(arctan2(imag, real));
    if (mode == "stft")
      return arranged(concatenate({real, imag}, 3));
    Value power = square(real) + square(imag);
    if (mode == "psd")
      return arranged(power + pad(slice_axis(power, 3, 1, -1), {0, 0, 0, 1}, {0, 0, 0, 1}));
    Value magnitude = sqrt(maximum(power, epsilon));
    return arranged(mode == "magnitude" ? magnitude : Value(log(maximum(magnitude, epsilon))));
  }

  template <typename F> void fields(F &f) {
    f("mode", options.mode);
    f("frame_length", options.frame_length);
    f("frame_step", options.frame_step);
    f("fft_length", options.fft_length);
    f("window", options.window);
    f("periodic", options.periodic);
    f("scaling", options.scaling);
    f("padding", options.padding);
    f("data_format", options.data_format);
    f("expand_dims", options.expand_dims);
  }

  Options options;
  Variable real_kernel, imag_kernel;

private:
  static constexpr double epsilon = 1e-7;

  static void one_of(const char *what, const std::string &value, std::initializer_list<const char *> known) {
    std::string list;
    for (const char *name : known) {
      if (value == name)
        return;
      list += (list.empty() ? "" : ", ") + std::string(name);
    }
    throw Error(std::string(what) + " must be one of " + list + ", got '" + value + "'");
  }

  std::int64_t frame_step() const { return options.frame_step.value_or(options.frame_length / 2); }
  std::int64_t fft_length() const {
    return options.fft_length.value_or(
        static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(options.frame_length))));
  }

  /// [N, C, frames, F]; each channel is a signal of its own.
  Value transformed(const Value &x, std::int64_t channels, const Variable &kernel) const {
    Value signals = is_channels_first(options.data_format) || channels == 1 ? x : Value(transpose(x, {0, 2, 1}));
    std::int64_t time = is_channels_first(options.data_format) || channels > 1 ? 2 : 1;
    Value y = conv(reshape(signals, std::vector<std::int64_t>{-1, -2 - time, 1}), as_value(x.graph(), kernel),
                   {.strides = {frame_step()}, .padding = options.padding});
    return reshape(y, Dims{Dim(x, 0), Dim(channels), Dim(y, 1), Dim(y, 2)});
  }

  Value arranged(const Value &y) const {
    std::int64_t columns = y.shape()[1] * y.shape()[3];
    if (is_channels_first(options.data_format))
      return options.expand_dims
                 ? y
                 : Value(reshape(transpose(y, {0, 1, 3, 2}), std::vector<std::int64_t>{-2, columns, -2 - 3}));
    if (options.expand_dims)
      return transpose(y, {0, 2, 3, 1});
    return reshape(transpose(y, {0, 2, 1, 3}), std::vector<std::int64_t>{-2, -3, columns});
  }
};

LAMINA_REGISTER_LAYER(STFTSpectrogram, "keras");

} // namespace lamina::layers

#endif
