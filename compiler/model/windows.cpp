#include "lamina/windows.h"

#include "compiler/model/registry.h"
#include "lamina/error.h"

#include <cmath>
#include <functional>
#include <map>
#include <numbers>

namespace lamina {
namespace {

constexpr double pi = std::numbers::pi;

/// The value at position x of a symmetric window, whose ends are 0 and 1.
using Curve = std::function<double(double x)>;

/// a₀ − a₁ cos 2πx + a₂ cos 4πx − …
Curve cosines(std::vector<double> a) {
  return [a = std::move(a)](double x) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k)
      sum += (k % 2 ? -a[k] : a[k]) * std::cos(2 * pi * static_cast<double>(k) * x);
    return sum;
  };
}

const std::map<std::string, Curve> &curves() {
  static const std::map<std::string, Curve> table{
      {"boxcar", cosines({1})},
      {"hann", cosines({0.5, 0.5})},
      {"hamming", cosines({0.54, 0.46})},
      {"blackman", cosines({0.42, 0.5, 0.08})},
      {"nuttall", cosines({0.3635819, 0.4891775, 0.1365995, 0.0106411})},
      {"blackmanharris", cosines({0.35875, 0.48829, 0.14128, 0.01168})},
      {"flattop", cosines({0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368})},
      {"bartlett", [](double x) { return 1 - std::abs(2 * x - 1); }},
      {"barthann", [](double x) { return 0.62 - 0.48 * std::abs(x - 0.5) + 0.38 * std::cos(2 * pi * (x - 0.5)); }},
      {"bohman",
       [](double x) {
         double r = std::abs(2 * x - 1);
         return r >= 1 ? 0.0 : (1 - r) * std::cos(pi * r) + std::sin(pi * r) / pi;
       }},
      {"lanczos",
       [](double x) {
         double r = pi * (2 * x - 1);
         return r == 0 ? 1.0 : std::sin(r) / r;
       }},
  };
  return table;
}

/// The name that scipy knows by others, too.
std::string canonical(const std::string &name) {
  static const std::map<std::string, std::string> others{
      {"box", "boxcar"},         {"ones", "boxcar"},     {"rect", "boxcar"},  {"rectangular", "boxcar"},
      {"han", "hann"},           {"hamm", "hamming"},    {"ham", "hamming"},  {"black", "blackman"},
      {"blk", "blackman"},       {"nutl", "nuttall"},    {"nut", "nuttall"},  {"blackharr", "blackmanharris"},
      {"bkh", "blackmanharris"}, {"flat", "flattop"},    {"flt", "flattop"},  {"bart", "bartlett"},
      {"brt", "bartlett"},       {"brthan", "barthann"}, {"bth", "barthann"}, {"bman", "bohman"},
      {"bmn", "bohman"},         {"sinc", "lanczos"},
  };
  auto found = others.find(name);
  return found == others.end() ? name : found->second;
}

/// A list, or an array as Keras writes it.
const Config &values_of(const Config &window) {
  const Config *config = window.find("config"), *value = config ? config->find("value") : nullptr;
  return value ? *value : window;
}

} // namespace

std::vector<double> signal_window(const Config &window, std::int64_t length, bool periodic) {
  auto size = static_cast<std::size_t>(length);
  if (window.is_null())
    return std::vector<double>(size, 1.0);
  std::vector<double> result;
  if (!window.is_string()) {
    const Config &values = values_of(window);
    if (!values.is_list())
      throw Error("window must be a name or a list of numbers, got " + window.str().substr(0, 60));
    for (const Config &value : values.as_list()) {
      if (!value.is_number())
        throw Error("window must be a name or a list of numbers, got " + values.str().substr(0, 60));
      result.push_back(value.as_double());
    }
    if (result.size() != size)
      throw Error("window has " + std::to_string(result.size()) + " values, expected " + std::to_string(length));
    return result;
  }
  auto found = curves().find(canonical(window.as_string()));
  if (found == curves().end()) {
    std::vector<std::string> known;
    for (const auto &[name, curve] : curves())
      known.push_back(name);
    throw unknown("window", window.as_string(), known);
  }
  if (length == 1)
    return {1.0};
  double last = static_cast<double>(length - 1 + periodic);
  for (std::size_t i = 0; i < size; ++i)
    result.push_back(found->second(static_cast<double>(i) / last));
  return result;
}

} // namespace lamina
