#include "lamina/initializers.h"

#include "compiler/model/registry.h"
#include "lamina/error.h"
#include "lamina/windows.h"
#include "runtime/random.h"

#include <cmath>
#include <numbers>

namespace lamina {
namespace {

using runtime::Philox;

struct Kind {
  const char *class_name;
  const char *snake;
  Config defaults;
};

const std::vector<Kind> &kinds() {
  static const std::vector<Kind> table = [] {
    Config seeded{{"seed", nullptr}}, none_ = Config::dict();
    Config fan{{"seed", nullptr}, {"input_axes", nullptr}, {"output_axes", nullptr}};
    return std::vector<Kind>{
        {"Zeros", "zeros", none_},
        {"Ones", "ones", none_},
        {"Constant", "constant", {{"value", 0.0}}},
        {"Identity", "identity", {{"gain", 1.0}}},
        {"Orthogonal", "orthogonal", {{"seed", nullptr}, {"gain", 1.0}}},
        {"RandomNormal", "random_normal", {{"seed", nullptr}, {"mean", 0.0}, {"stddev", 0.05}}},
        {"RandomUniform", "random_uniform", {{"seed", nullptr}, {"minval", -0.05}, {"maxval", 0.05}}},
        {"TruncatedNormal", "truncated_normal", {{"seed", nullptr}, {"mean", 0.0}, {"stddev", 0.05}}},
        {"VarianceScaling",
         "variance_scaling",
         {{"seed", nullptr},
          {"scale", 1.0},
          {"mode", "fan_in"},
          {"distribution", "truncated_normal"},
          {"input_axes", nullptr},
          {"output_axes", nullptr}}},
        {"GlorotUniform", "glorot_uniform", fan},
        {"GlorotNormal", "glorot_normal", fan},
        {"HeUniform", "he_uniform", fan},
        {"HeNormal", "he_normal", fan},
        {"LecunUniform", "lecun_uniform", fan},
        {"LecunNormal", "lecun_normal", fan},
        {"STFT", "stft", {{"side", "real"}, {"window", "hann"}, {"scaling", "density"}, {"periodic", false}}},
    };
  }();
  return table;
}

/// A standard normal number by Box and Muller's method.
double normal(Philox &random) {
  double u = 1.0 - static_cast<double>(random.uniform());
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * static_cast<double>(random.uniform()));
}

double truncated(Philox &random) {
  double x;
  do
    x = normal(random);
  while (std::abs(x) > 2.0);
  return x;
}

template <typename F> Tensor filled(const Shape &shape, DType dtype, F next) {
  Tensor result(shape, DType::Float32, Tensor::Fill::None);
  for (float &element : result.values<float>())
    element = static_cast<float>(next());
  return result.astype(dtype);
}

std::pair<double, double> fans(const Shape &shape) {
  if (shape.rank() == 0)
    return {1, 1};
  if (shape.rank() == 1)
    return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double field = 1;
  for (std::size_t i = 0; i + 2 < shape.rank(); ++i)
    field *= static_cast<double>(shape[static_cast<std::int64_t>(i)]);
  return {static_cast<double>(shape[-2]) * field, static_cast<double>(shape[-1]) * field};
}

Tensor variance_scaled(const Shape &shape, DType dtype, Philox &random, double scale, const std::string &mode,
                       const std::string &distribution) {
  auto [in, out] = fans(shape);
  double n = mode == "fan_in" ? in : mode == "fan_out" ? out : (in + out) / 2.0;
  scale /= std::max(1.0, n);
  if (distribution == "uniform") {
    double limit = std::sqrt(3.0 * scale);
    return filled(shape, dtype, [&] { return (2.0 * random.uniform() - 1.0) * limit; });
  }
  if (distribution == "untruncated_normal")
    return filled(shape, dtype, [&] { return normal(random) * std::sqrt(scale); });
  // The deviation of a normal distribution cut at 2 is 0.8796 of its own.
  double stddev = std::sqrt(scale) / 0.87962566103423978;
  return filled(shape, dtype, [&] { return truncated(random) * stddev; });
}

/// Rows orthonormal by the modified Gram-Schmidt process, twice for accuracy; transposed where there are more rows than
/// columns.
Tensor orthogonal_matrix(const Shape &shape, DType dtype, Philox &random, double gain) {
  if (shape.rank() < 2)
    throw Error("the orthogonal initializer needs two or more dimensions, got shape " + shape.str());
  std::int64_t columns = shape.back(), rows = shape.num_elements() / std::max<std::int64_t>(columns, 1);
  std::int64_t n = std::min(rows, columns), m = std::max(rows, columns);
  std::vector<std::vector<double>> basis(static_cast<std::size_t>(n), std::vector<double>(static_cast<std::size_t>(m)));
  for (std::size_t i = 0; i < basis.size(); ++i) {
    for (double &x : basis[i])
      x = normal(random);
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < i; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < basis[i].size(); ++k)
          dot += basis[i][k] * basis[j][k];
        for (std::size_t k = 0; k < basis[i].size(); ++k)
          basis[i][k] -= dot * basis[j][k];
      }
    double norm = 0;
    for (double x : basis[i])
      norm += x * x;
    for (double &x : basis[i])
      x /= std::sqrt(norm);
  }
  std::int64_t at = 0;
  return filled(shape, dtype, [&] {
    auto row = static_cast<std::size_t>(at / columns), column = static_cast<std::size_t>(at % columns);
    ++at;
    return gain * (rows <= columns ? basis[row][column] : basis[column][row]);
  });
}

/// w(t) cos or sin(−2π t f / F), [frame length, 1, F/2 + 1]; w is divided by the root of Σ w², or by Σ |w|.
Tensor stft_kernel(const Shape &shape, DType dtype, const Config &config) {
  if (shape.rank() != 3 || shape[1] != 1 || shape[2] < 2)
    throw Error("the stft initializer needs shape (frame length, 1, frequencies), got " + shape.str());
  std::string side = config["side"], scaling = config["scaling"].is_null() ? "none" : config["scaling"].as_string();
  if (side != "real" && side != "imag")
    throw Error("side must be real or imag, got '" + side + "'");
  std::vector<double> window = signal_window(config["window"], shape[0], config["periodic"]);
  double total = 0, step = std::numbers::pi / static_cast<double>(shape[2] - 1);
  for (double w : window)
    total += scaling == "density" ? w * w : std::abs(w);
  double scale = config["window"].is_null() || scaling == "none" ? 1.0
                 : scaling == "density"                          ? std::sqrt(total)
                                                                 : total;
  std::int64_t at = 0;
  return filled(shape, dtype, [&] {
    std::int64_t t = at / shape[2], f = at++ % shape[2], period = 2 * (shape[2] - 1);
    double angle = -step * static_cast<double>(t * f % period);
    return window[static_cast<std::size_t>(t)] / scale * (side == "real" ? std::cos(angle) : std::sin(angle));
  });
}

} // namespace

Initializer::Initializer(const std::string &name) { *this = from_config(name); }

Initializer Initializer::from_config(const Config &config) {
  auto [name, arguments] = class_and_config(config, "initializer");
  if (config.is_string() && (name == "uniform" || name == "normal"))
    return from_config("random_" + name);
  for (const Kind &kind : kinds())
    if (name == kind.class_name || name == kind.snake ||
        (name == "IdentityInitializer" && std::string(kind.snake) == "identity")) {
      Initializer result;
      if (config.is_dict()) {
        result.config_ = config;
      } else {
        result.config_ = serialized("keras.initializers", kind.class_name, kind.defaults);
      }
      return result;
    }
  std::vector<std::string> known;
  for (const Kind &kind : kinds())
    known.push_back(kind.snake);
  throw unknown("initializer", name, known);
}

Tensor Initializer::operator()(const Shape &shape, DType dtype, std::uint64_t seed) const {
  auto [name, config] = class_and_config(config_, "initializer");
  auto number = [&](const char *key, double otherwise) {
    const Config *entry = config.find(key);
    return entry && entry->is_number() ? entry->as_double() : otherwise;
  };
  if (const Config *given = config.find("seed"); given && given->is_int())
    seed = static_cast<std::uint64_t>(given->as_int());
  Philox random(seed, 1);
  if (name == "Zeros")
    return Tensor::zeros(shape, dtype);
  if (name == "Ones")
    return Tensor::full(shape, 1.0, dtype);
  if (name == "Constant")
    return Tensor::full(shape, number("value", 0.0), dtype);
  if (name == "Identity" || name == "IdentityInitializer") {
    if (shape.rank() != 2)
      throw Error("the identity initializer needs two dimensions, got shape " + shape.str());
    Tensor result = Tensor::zeros(shape);
    for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i)
      result.at<float>(i, i) = static_cast<float>(number("gain", 1.0));
    return result.astype(dtype);
  }
  if (name == "Orthogonal")
    return orthogonal_matrix(shape, dtype, random, number("gain", 1.0));
  if (name == "RandomNormal")
    return filled(shape, dtype, [&, mean = number("mean", 0.0), dev = number("stddev", 0.05)] {
      return mean + dev * normal(random);
    });
  if (name == "TruncatedNormal")
    return filled(shape, dtype, [&, mean = number("mean", 0.0), dev = number("stddev", 0.05)] {
      return mean + dev * truncated(random);
    });
  if (name == "RandomUniform")
    return filled(shape, dtype, [&, low = number("minval", -0.05), high = number("maxval", 0.05)] {
      return low + (high - low) * random.uniform();
    });
  if (name == "STFT")
    return stft_kernel(shape, dtype, config);
  if (name == "VarianceScaling") {
    const Config *mode = config.find("mode"), *distribution = config.find("distribution");
    return variance_scaled(shape, dtype, random, number("scale", 1.0), mode ? mode->as_string() : "fan_in",
                           distribution ? distribution->as_string() : "truncated_normal");
  }
  bool uniform = name.ends_with("Uniform");
  std::string mode = name.starts_with("Glorot") ? "fan_avg" : "fan_in";
  double scale = name.starts_with("He") ? 2.0 : 1.0;
  return variance_scaled(shape, dtype, random, scale, mode, uniform ? "uniform" : "truncated_normal");
}

namespace initializers {
namespace {
Initializer made(const char *class_name, Config config) {
  return Initializer::from_config(serialized("keras.initializers", class_name, std::move(config)));
}
} // namespace
Initializer zeros() { return "zeros"; }
Initializer ones() { return "ones"; }
Initializer constant(double value) { return made("Constant", {{"value", value}}); }
Initializer random_normal(double mean, double stddev) {
  return made("RandomNormal", {{"seed", nullptr}, {"mean", mean}, {"stddev", stddev}});
}
Initializer random_uniform(double minval, double maxval) {
  return made("RandomUniform", {{"seed", nullptr}, {"minval", minval}, {"maxval", maxval}});
}
Initializer truncated_normal(double mean, double stddev) {
  return made("TruncatedNormal", {{"seed", nullptr}, {"mean", mean}, {"stddev", stddev}});
}
Initializer orthogonal(double gain) { return made("Orthogonal", {{"seed", nullptr}, {"gain", gain}}); }
Initializer identity(double gain) { return made("Identity", {{"gain", gain}}); }
Initializer variance_scaling(double scale, const std::string &mode, const std::string &distribution) {
  return made("VarianceScaling", {{"seed", nullptr},
                                  {"scale", scale},
                                  {"mode", mode},
                                  {"distribution", distribution},
                                  {"input_axes", nullptr},
                                  {"output_axes", nullptr}});
}
Initializer stft(const std::string &side, const Config &window, const Config &scaling, bool periodic) {
  return made("STFT", {{"side", side}, {"window", window}, {"periodic", periodic}, {"scaling", scaling}});
}
} // namespace initializers

std::vector<KnownClass> known_initializers() {
  std::vector<KnownClass> classes;
  for (const Kind &kind : kinds())
    classes.push_back({kind.class_name, keys_of(kind.defaults)});
  return classes;
}

} // namespace lamina
