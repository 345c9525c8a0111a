// Four models on real data: trained here, saved for Keras, compiled to machine code. Usage: demo [EXAMPLE...]
#include "examples/demo.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numeric>
#include <random>

using namespace lamina;

namespace demo {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::string output(const std::string &name) {
  std::filesystem::create_directories(LAMINA_DEMO_OUTPUT);
  return std::string(LAMINA_DEMO_OUTPUT) + "/" + name;
}

Split load(const std::string &name, bool shuffle) {
  auto arrays = load_npz(std::string(LAMINA_DEMO_DATA) + "/" + name);
  // The files hold small integers in bytes, which nothing computes with.
  auto widened = [](const Tensor &array) { return array.dtype() == DType::UInt8 ? array.astype(DType::Int32) : array; };
  Tensor x = widened(arrays.at("x")), y = widened(arrays.at("y"));
  std::int64_t rows = x.shape()[0], kept = rows * 4 / 5;
  if (shuffle) {
    std::vector<std::int32_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    Tensor indices(order);
    x = take(x, indices);
    y = take(y, indices);
  }
  return {x.slice(0, kept), y.slice(0, kept), x.slice(kept, rows), y.slice(kept, rows)};
}

} // namespace demo

int main(int argc, char **argv) try {
  std::vector<std::string> asked(argv + 1, argv + argc);
  demo::Rows rows;
  auto begin = std::chrono::steady_clock::now();
  const std::pair<const char *, demo::Rows (*)()> examples[] = {{"diamonds", demo::diamonds},
                                                                {"definitions", demo::definitions},
                                                                {"names", demo::names},
                                                                {"digits", demo::digits}};
  for (auto [name, example] : examples) {
    if (!asked.empty() && std::find(asked.begin(), asked.end(), name) == asked.end())
      continue;
    demo::Rows found = example();
    rows.insert(rows.end(), found.begin(), found.end());
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  size_t width = 0;
  for (const demo::Row &row : rows)
    width = std::max(width, row.what.size());
  std::printf("\n");
  for (const demo::Row &row : rows)
    std::printf("%-*s  %s\n", int(width), row.what.c_str(), row.value.c_str());
  std::printf("%-*s  %.1f s\n", int(width), "everything together", seconds);
  std::printf("\nModels, objects and training curves are in %s\n", LAMINA_DEMO_OUTPUT);
} catch (const std::exception &error) {
  std::fprintf(stderr, "demo: %s\n", error.what());
  return 1;
}
