// Fourier transforms of the last axes, real and imaginary parts apart.

#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"
#include "lamina/windows.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace lamina::operations {
namespace {

using V = const Value &;
using Integers = std::vector<std::int64_t>;

/// Without an imaginary part where that has no value.
struct Complex {
  Value real, imag;

  template <typename F> Complex each(F f) const { return {f(real), imag.defined() ? f(imag) : Value()}; }
};

Complex operator*(const Complex &x, const Complex &y) {
  if (!x.imag.defined())
    return {x.real * y.real, x.real * y.imag};
  return {x.real * y.real - x.imag * y.imag, x.real * y.imag + x.imag * y.real};
}

Complex swapped(const Complex &x) {
  return x.each([](V part) { return move_axis(part, -1, -2); });
}

/// e^(∓2πi j k / n), [rows, columns].
Complex waves(trace::Graph &graph, std::int64_t rows, std::int64_t columns, std::int64_t n, bool inverse, DType dtype) {
  Tensor real({rows, columns}, DType::Float64), imag({rows, columns}, DType::Float64);
  for (std::int64_t j = 0; j < rows; ++j)
    for (std::int64_t k = 0; k < columns; ++k) {
      double angle = 2 * std::numbers::pi * static_cast<double>(j * k % n) / static_cast<double>(n);
      auto at = static_cast<std::size_t>(j * columns + k);
      real.values<double>()[at] = std::cos(angle);
      imag.values<double>()[at] = inverse ? std::sin(angle) : -std::sin(angle);
    }
  return {constant(graph, real.astype(dtype)), constant(graph, imag.astype(dtype))};
}

/// The first `bins` sums Σ x_t e^(∓2πi t k / n): products with a matrix. A long transform becomes two of its factors'
/// lengths: with t = b t₁ + t₂ and k = k₁ + a k₂ of n = a b, that over t₁, a turn by t₂ k₁ / n, and that over t₂.
Complex transformed(const Complex &x, bool inverse, std::int64_t bins) {
  V part = x.real;
  std::int64_t n = known_size(part, -1);
  layers::check_positive(n, "the length of a transform");
  auto a = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
  while (n % a)
    --a;
  if (n <= 128 || a == 1) {
    Complex w = waves(part.graph(), n, bins, n, inverse, part.dtype());
    auto product = [](V x, V w) { return dot_general(x, w, {x.rank() - 1}, {0}); };
    if (!x.imag.defined())
      return {product(x.real, w.real), product(x.real, w.imag)};
    return {product(x.real, w.real) - product(x.imag, w.imag), product(x.real, w.imag) + product(x.imag, w.real)};
  }
  std::int64_t b = n / a;
  auto reshaped = [&](V part, const Dims &last) {
    Dims dims = dims_of(part);
    dims.resize(static_cast<std::size_t>(x.real.rank() - 1), Dim(1));
    dims.insert(dims.end(), last.begin(), last.end());
    return reshape(part, dims);
  };
  Complex y = x.each([&](V part) { return reshaped(part, {Dim(a), Dim(b)}); });
  y = transformed(swapped(y), inverse, a) * waves(part.graph(), b, a, n, inverse, part.dtype());
  y = swapped(transformed(swapped(y), inverse, b));
  return y.each([&](V part) { return slice_axis(reshaped(part, {Dim(n)}), -1, 0, bins); });
}

Complex transformed(const Complex &x, bool inverse) { return transformed(x, inverse, known_size(x.real, -1)); }

Complex pair(const Call &c) {
  Values parts = c.list(0, "x");
  if (parts.size() != 2)
    throw Error("expects a real and an imaginary part, got " + std::to_string(parts.size()) + " tensors");
  return {detail::to_float(parts[0]), detail::to_float(parts[1])};
}

Values both(const Complex &x) { return {x.real, x.imag}; }

Complex twice_transformed(const Complex &x, bool inverse) {
  return swapped(transformed(swapped(transformed(x, inverse)), inverse));
}

/// The last axis cut, or continued with zeros.
Value resized(V x, std::int64_t size) {
  std::int64_t old = known_size(x, -1);
  Integers low(static_cast<std::size_t>(x.rank()), 0), high = low;
  high.back() = std::max<std::int64_t>(size - old, 0);
  return slice_axis(pad(x, low, high), -1, 0, size);
}

/// Of a real signal, whose frequencies above the middle mirror those below.
Complex real_transformed(V x) { return transformed({x, {}}, false, known_size(x, -1) / 2 + 1); }

Value real_restored(const Complex &x, std::int64_t n) {
  layers::check_positive(n, "fft_length");
  std::int64_t bins = n / 2 + 1, mirrored = n - bins;
  auto whole = [&](V part, double side) {
    Value half = resized(part, bins);
    if (!mirrored)
      return half;
    return concatenate({half, side * reverse(slice_axis(half, -1, 1, 1 + mirrored), {half.rank() - 1})}, -1);
  };
  return transformed({whole(x.real, 1), whole(x.imag, -1)}, true).real / static_cast<double>(n);
}

/// What the short-time transforms set.
struct Frames {
  explicit Frames(const Call &c)
      : step(c.axis(1, "sequence_stride")), size(c.axis(1, "fft_length")), center(c.setting("center", true)) {
    std::int64_t length = c.axis(1, "sequence_length");
    layers::check_positive(length, "sequence_length");
    layers::check_positive(step, "sequence_stride");
    if (size < length)
      throw Error("fft_length must not be below sequence_length, got " + std::to_string(size) + " and " +
                  std::to_string(length));
    const Config *name = numbers_of(c.setting("window"));
    windowed = name != nullptr;
    window.assign(static_cast<std::size_t>(size), windowed ? 0 : 1);
    if (windowed)
      std::ranges::copy(signal_window(*name, length, /*periodic=*/true), window.begin() + (size - length) / 2);
  }

  /// Where the elements of frames are in the signal, [count, size].
  Value places(trace::Graph &graph, std::int64_t count) const {
    return iota(graph, {Dim(count), Dim(size)}, 0) * step + iota(graph, {Dim(count), Dim(size)}, 1);
  }
  Value weights(V like) const { return constant(like.graph(), Tensor(window).astype(like.dtype())); }

  std::int64_t step, size;
  bool center, windowed;
  std::vector<double> window;
};

Values short_time(const Call &c) {
  Value x = c.value(0, "x");
  Frames frames(c);
  std::int64_t last = x.rank() - 1, around = frames.center ? frames.size / 2 : 0;
  if (around)
    x = pad_mirrored(x, last, around, around, /*edge=*/false);
  std::int64_t count = (known_size(x, last) - frames.size) / frames.step + 1;
  layers::check_positive(count, "the number of sequences");
  return both(real_transformed(take_along(x, last, frames.places(x.graph(), count)) * frames.weights(x)));
}

/// The frames' signals, weighted again, are added up and divided by the sums of the squared weights.
Value short_time_restored(const Call &c) {
  Complex x = pair(c);
  Frames frames(c);
  Value parts = real_restored(x, frames.size) * frames.weights(x.real);
  std::int64_t count = known_size(parts, -2), length = frames.step * (count - 1) + frames.size;
  std::vector<double> shares(static_cast<std::size_t>(length), 0);
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < frames.size; ++j)
      shares[static_cast<std::size_t>(i * frames.step + j)] += std::pow(frames.window[static_cast<std::size_t>(j)], 2);
  // Without a window Keras does not divide by its sum but by the step.
  double total = std::reduce(frames.window.begin(), frames.window.end());
  double factor = frames.windowed ? 1 : total / static_cast<double>(frames.step);
  for (double &share : shares)
    share = factor / (share > 1e-10 ? share : 1);
  Value rows = transpose(reshape(parts, Integers{-1, count * frames.size}));
  Value signal = emit("scatter_add", {broadcast_to(detail::number(rows, 0), {Dim(length), Dim(rows, 1)}),
                                      flat(frames.places(rows.graph(), count)), rows});
  Dims dims = dims_of(parts);
  dims.resize(dims.size() - 1, Dim(1));
  dims.back() = Dim(length);
  Value y = reshape(transpose(signal), dims) * constant(rows.graph(), Tensor(shares).astype(rows.dtype()));
  std::int64_t start = frames.center ? frames.size / 2 : 0, end = length - start;
  if (const Config *given = c.setting("length"))
    end = std::min(start + given->as_int(), length);
  return slice_axis(y, -1, start, end);
}

} // namespace

void add_fourier(Table &table) {
  Table::Module math(table, "ops.math");
  math.calls({
      {"FFT", [](const Call &c) { return both(transformed(pair(c), false)); }},
      {"FFT2", [](const Call &c) { return both(twice_transformed(pair(c), false)); }},
      {"IFFT2",
       [](const Call &c) {
         Complex x = twice_transformed(pair(c), true);
         auto n = static_cast<double>(known_size(x.real, -1) * known_size(x.real, -2));
         return both(x.each([&](V part) { return part / n; }));
       }},
      {"IRFFT",
       [](const Call &c) -> Values {
         Complex x = pair(c);
         return {real_restored(x, c.axis(2 * (known_size(x.real, -1) - 1), "fft_length"))};
       }},
      {"ISTFT", [](const Call &c) -> Values { return {short_time_restored(c)}; }},
      {"RFFT",
       [](const Call &c) {
         Value x = detail::to_float(c.value(0, "x"));
         return both(real_transformed(resized(x, c.axis(known_size(x, -1), "fft_length"))));
       }},
      {"STFT", short_time},
  });
}

} // namespace lamina::operations
