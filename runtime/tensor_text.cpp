#include <lamina/tensor.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

namespace lamina {

namespace {

constexpr std::int64_t summarize_past = 1000;
constexpr std::int64_t edge = 3;

std::string element_text(const Tensor &tensor, std::int64_t i) {
  return visit_dtype(tensor.dtype(), [&](auto element) -> std::string {
    using T = decltype(element);
    T value = tensor.data<T>()[i];
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "True" : "False";
    } else if constexpr (std::is_integral_v<T>) {
      return std::to_string(value);
    } else {
      char text[32];
      std::snprintf(text, sizeof text, "%.8g", static_cast<double>(value));
      std::string result = text;
      if (result.find_first_of(".en") == std::string::npos)
        result += '.';
      return result;
    }
  });
}

struct Printer {
  const Tensor &tensor;
  bool shorten;
  std::size_t width = 0;

  template <typename F> void each_shown(std::int64_t count, F &&show) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (shorten && count > 2 * edge && i == edge) {
        show(none);
        i = count - edge;
      }
      show(i);
    }
  }

  void measure(std::size_t axis, std::int64_t index) {
    if (axis == tensor.rank()) {
      width = std::max(width, element_text(tensor, index).size());
      return;
    }
    std::int64_t dim = tensor.shape()[static_cast<std::int64_t>(axis)];
    each_shown(dim, [&](std::int64_t i) {
      if (i != none)
        measure(axis + 1, index * dim + i);
    });
  }

  void print(std::size_t axis, std::int64_t index, std::string &out) {
    if (axis == tensor.rank()) {
      std::string text = element_text(tensor, index);
      out += std::string(width - text.size(), ' ') + text;
      return;
    }
    bool last = axis + 1 == tensor.rank();
    std::int64_t dim = tensor.shape()[static_cast<std::int64_t>(axis)];
    out += '[';
    bool first = true;
    each_shown(dim, [&](std::int64_t i) {
      if (!first)
        out += last ? std::string(" ") : std::string(tensor.rank() - axis - 1, '\n') + std::string(axis + 1, ' ');
      first = false;
      if (i == none)
        out += "...";
      else
        print(axis + 1, index * dim + i, out);
    });
    out += ']';
  }
};

} // namespace

std::string Tensor::str() const {
  if (!defined())
    return "(no tensor)";
  Printer printer{*this, numel() > summarize_past};
  printer.measure(0, 0);
  std::string out;
  printer.print(0, 0, out);
  return out;
}

std::ostream &operator<<(std::ostream &stream, const Tensor &tensor) { return stream << tensor.str(); }

} // namespace lamina
