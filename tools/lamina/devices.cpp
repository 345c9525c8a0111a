#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/files.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/parallel_for.h"
#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

using runtime::Json;

constexpr std::size_t copied_bytes = std::size_t(256) << 20;

/// The value of the first line "name : value" of a file under /proc.
std::string proc_value(const std::string &path, const std::string &name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) {
      std::size_t colon = line.find(':');
      if (colon == std::string::npos)
        continue;
      std::size_t begin = line.find_first_not_of(" \t", colon + 1);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  return "";
}

std::vector<std::string> vector_features() {
  std::vector<std::string> features;
  std::string flags = proc_value("/proc/cpuinfo", "flags") + proc_value("/proc/cpuinfo", "Features");
  std::istringstream words(flags);
  for (std::string word; words >> word;)
    for (const char *prefix : {"sse4_2", "avx", "fma", "f16c", "amx", "asimd", "sve", "bf16", "fp16"})
      if (word.starts_with(prefix)) {
        features.push_back(word);
        break;
      }
  return features;
}

std::vector<std::string> gpus() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto &entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", ignored)) {
    std::string model = proc_value(entry.path() / "information", "Model");
    found.push_back(model.empty() ? entry.path().filename().string() : model);
  }
  return found;
}

std::string size_text(std::size_t bytes) {
  return bytes >= std::size_t(1) << 20 ? std::to_string(bytes >> 20) + " MiB" : std::to_string(bytes >> 10) + " KiB";
}

void devices(const std::string &json_path) {
  int threads = runtime::available_cpus();
  std::string cpu = proc_value("/proc/cpuinfo", "model name");
  Json json = {{"cpu", cpu.empty() ? "unknown" : cpu},
               {"threads", threads},
               {"vectors", runtime::vector_extension()},
               {"features", vector_features()},
               {"gpus", gpus()}};
  auto say = [&](const char *what, const std::string &value) { std::printf("%-18s %s\n", what, value.c_str()); };
  say("CPU", json["cpu"].get<std::string>());
  say("threads", std::to_string(threads));
  std::string features;
  for (const std::string &feature : vector_features())
    features += (features.empty() ? "" : " ") + feature;
  say("CPU features", features);
  say("vectors used", json["vectors"].get<std::string>());

  char text[128];
  for (int used : {1, threads}) {
    double peak = runtime::fma_peak(used);
    json["fma_gflops"][std::to_string(used)] = peak;
    std::snprintf(text, sizeof text, "%.1f GFLOP/s, float32, %d thread%s", peak, used, used == 1 ? "" : "s");
    say("FMA peak", text);
    if (threads == 1)
      break;
  }
  for (const runtime::CacheLevel &level : runtime::cache_levels()) {
    std::size_t bytes = level.size == 0 ? copied_bytes : level.working_set;
    double read = runtime::bandwidth(runtime::Access::read, bytes, 1),
           copy = runtime::bandwidth(runtime::Access::copy, bytes, 1);
    json["bandwidth"][level.name] = {{"read_gbytes", read}, {"copy_gbytes", copy}};
    std::snprintf(text, sizeof text, "%.1f GB/s read, %.1f GB/s copy, 1 thread%s%s", read, copy, level.size ? ", " : "",
                  level.size ? size_text(level.size).c_str() : "");
    say(level.name.c_str(), text);
  }
  std::vector<std::string> cards = gpus();
  if (cards.empty())
    say("GPU", "none");
  for (const std::string &card : cards)
    say("GPU", card);
  if (!json_path.empty())
    runtime::write_file(json_path, json.dump(2) + "\n");
}

} // namespace

void add_devices(CLI::App &app) {
  CLI::App *command = app.add_subcommand("devices", "Show the CPU's features, its measured limits, and the GPUs");
  auto json = std::make_shared<std::string>();
  command->add_option("--json", *json, "also write the figures to this file")->type_name("FILE");
  command->callback([json] { devices(*json); });
}

} // namespace lamina::tools
