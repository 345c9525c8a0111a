#include "examples/demo.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace demo {
namespace {

constexpr double width = 640, height = 360, left = 56, right = 150, top = 40, bottom = 40;
constexpr const char *colors[] = {"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"};

/// A distance between grid lines that gives some five of them.
double step_of(double span) {
  double power = std::pow(10, std::floor(std::log10(span / 5)));
  for (double factor : {1.0, 2.0, 5.0})
    if (span / (factor * power) <= 6)
      return factor * power;
  return 10 * power;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

} // namespace

void draw_curve(const std::string &path, const std::string &title,
                const std::map<std::string, std::vector<double>> &lines) {
  double low = 0, high = 0;
  size_t epochs = 2;
  for (const auto &[name, values] : lines) {
    epochs = std::max(epochs, values.size());
    for (double value : values)
      high = std::max(high, value);
  }
  high = high > low ? high : low + 1;
  auto x = [&](size_t epoch) { return left + (width - left - right) * double(epoch) / double(epochs - 1); };
  auto y = [&](double value) { return height - bottom - (height - top - bottom) * (value - low) / (high - low); };

  std::ofstream svg(path);
  svg << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << width << ' ' << height
      << "' font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n<text x='"
      << left << "' y='24' font-size='15'>" << title << "</text>\n";
  for (double value = low, step = step_of(high - low); value <= high; value += step)
    svg << "<line x1='" << left << "' x2='" << width - right << "' y1='" << y(value) << "' y2='" << y(value)
        << "' stroke='#ddd'/><text x='" << left - 6 << "' y='" << y(value) + 4 << "' text-anchor='end'>"
        << number(value) << "</text>\n";
  for (size_t epoch = 0; epoch < epochs; epoch += std::max<size_t>(1, epochs / 8))
    svg << "<text x='" << x(epoch) << "' y='" << height - bottom + 18 << "' text-anchor='middle'>" << epoch + 1
        << "</text>\n";
  size_t index = 0;
  for (const auto &[name, values] : lines) {
    const char *color = colors[index % std::size(colors)];
    svg << "<polyline fill='none' stroke-width='2' stroke='" << color << "' points='";
    for (size_t epoch = 0; epoch < values.size(); ++epoch)
      svg << x(epoch) << ',' << y(values[epoch]) << ' ';
    svg << "'/>\n<text x='" << width - right + 10 << "' y='" << top + 10 + 18 * double(index++) << "' fill='" << color
        << "'>" << name << "</text>\n";
  }
  svg << "</svg>\n";
}

} // namespace demo
