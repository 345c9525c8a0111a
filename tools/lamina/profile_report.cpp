#include "tools/lamina/profile_report.h"

#include <algorithm>
#include <cstdio>

namespace lamina::tools {
namespace {

/// A clock that did not tick in between still took this long.
constexpr double shortest_microseconds = 1e-3;
constexpr std::size_t widest_layers = 40;
/// In a table of more rows than this, kernels with less than this share of the time are one line.
constexpr std::size_t most_rows = 16;
constexpr double smallest_share = 0.0005;

double median(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.empty() ? 0 : *middle;
}

/// As many names as fit, and how many more there are.
std::string layers_text(const KernelProfile &kernel) {
  const std::vector<std::string> &layers = kernel.layers;
  std::string text = kernel.gradient ? "gradient of " : "";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0 && text.size() + layers[i].size() + 2 > widest_layers)
      return text + " +" + std::to_string(layers.size() - i);
    text += (i ? ", " : "") + layers[i];
  }
  return text.empty() ? "-" : text;
}

std::string number(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

using Line = std::vector<std::string>;

/// Columns as wide as their widest cell. The first two and the last are text and align left.
std::string aligned(const std::vector<Line> &lines) {
  std::vector<std::size_t> widths;
  for (const Line &line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Line &line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      std::string fill(widths[i] - line[i].size(), ' ');
      row += (i ? "  " : "") + (i < 2 || i == 8 ? line[i] + fill : fill + line[i]);
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

} // namespace

void ProfileReport::add(const Profile &call) {
  last_ = call;
  times_.resize(call.kernels.size());
  for (std::size_t i = 0; i < call.kernels.size(); ++i)
    times_[i].push_back(call.kernels[i].microseconds);
  others_.push_back(call.other_microseconds);
}

double ProfileReport::other_microseconds() const { return median(others_); }

std::vector<ProfileReport::Row> ProfileReport::rows(runtime::Roofline &roofline) const {
  std::vector<Row> rows;
  double total = other_microseconds();
  for (std::size_t i = 0; i < times_.size(); ++i) {
    Row row{.kernel = last_.kernels[i]};
    if (row.kernel.calls == 0)
      continue;
    row.kernel.microseconds = std::max(median(times_[i]), shortest_microseconds);
    total += row.kernel.microseconds;
    runtime::Roofline::Bound bound = roofline.bound(row.kernel);
    row.of_limit = bound.microseconds / row.kernel.microseconds;
    row.limit = bound.name;
    rows.push_back(std::move(row));
  }
  for (Row &row : rows)
    row.share = row.kernel.microseconds / total;
  std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.share > b.share; });
  return rows;
}

std::string profile_table(const std::vector<ProfileReport::Row> &rows, double other_microseconds) {
  std::vector<Line> lines{{"kernel", "layers", "calls", "us", "share", "GFLOP/s", "GB/s", "of limit", "set by"}};
  KernelProfile total;
  total.microseconds = other_microseconds;
  for (const ProfileReport::Row &row : rows) {
    total.calls += row.kernel.calls;
    total.microseconds += row.kernel.microseconds;
    total.flops += row.kernel.flops;
    total.bytes += row.kernel.bytes;
  }
  auto line = [&](const std::string &name, const std::string &layers, const std::string &calls, double microseconds) {
    return Line{name, layers, calls, number("%.2f", microseconds),
                number("%.1f %%", 100 * microseconds / total.microseconds)};
  };
  auto measured = [&](const ProfileReport::Row &row, const std::string &name, const std::string &layers) {
    Line result = line(name, layers, std::to_string(row.kernel.calls), row.kernel.microseconds);
    result.push_back(row.kernel.flops ? number("%.2f", row.gflops()) : "-");
    result.push_back(number("%.2f", row.gbytes()));
    return result;
  };
  KernelProfile rest;
  std::size_t folded = 0;
  for (const ProfileReport::Row &row : rows) {
    if (row.share < smallest_share && rows.size() > most_rows) {
      ++folded;
      rest.calls += row.kernel.calls;
      rest.microseconds += row.kernel.microseconds;
      continue;
    }
    lines.push_back(measured(row, row.kernel.kernel, layers_text(row.kernel)));
    lines.back().push_back(number("%.0f %%", 100 * row.of_limit));
    lines.back().push_back(row.limit);
  }
  if (folded)
    lines.push_back(line(std::to_string(folded) + " others", "", std::to_string(rest.calls), rest.microseconds));
  lines.push_back(line("between", "", "", other_microseconds));
  lines.push_back(measured({.kernel = total}, "total", ""));
  return aligned(lines);
}

runtime::Json profile_json(const std::vector<ProfileReport::Row> &rows) {
  runtime::Json kernels = runtime::Json::array();
  for (const ProfileReport::Row &row : rows)
    kernels.push_back({{"kernel", row.kernel.kernel},
                       {"layers", row.kernel.layers},
                       {"gradient", row.kernel.gradient},
                       {"calls", row.kernel.calls},
                       {"us", row.kernel.microseconds},
                       {"share", row.share},
                       {"flops", row.kernel.flops},
                       {"bytes", row.kernel.bytes},
                       {"within", row.kernel.within},
                       {"gflops", row.gflops()},
                       {"gbytes", row.gbytes()},
                       {"of_limit", row.of_limit},
                       {"limit", row.limit}});
  return kernels;
}

} // namespace lamina::tools
