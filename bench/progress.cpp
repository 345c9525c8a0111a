#include "bench/progress.h"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <regex>
#include <vector>

namespace lamina::bench {
namespace {

std::vector<std::string> &expected() {
  static std::vector<std::string> names;
  return names;
}

bool terminal() {
  static const bool value = isatty(STDERR_FILENO);
  return value;
}

} // namespace

void expect_row(const std::string &name) {
  std::string filter = benchmark::GetBenchmarkFilter();
  bool negative = filter.starts_with('-');
  if (filter.empty() || filter == "all" || std::regex_search(name, std::regex(filter.substr(negative))) != negative)
    expected().push_back(name);
}

Running::Running(const std::string &name) {
  if (!terminal())
    return;
  auto found = std::find(expected().begin(), expected().end(), name);
  std::fprintf(stderr, "\r\033[K%td/%zu %s", found - expected().begin() + 1, expected().size(), name.c_str());
}

Running::~Running() {
  if (terminal())
    std::fprintf(stderr, "\r\033[K");
}

} // namespace lamina::bench
