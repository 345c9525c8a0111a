#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>

#include <lamina/layer.h>
#include <lamina/model.h>

#include "runtime/files.h"
#include "runtime/json.h"
#include "runtime/parallel_for.h"
#include "runtime/random.h"
#include "tools/lamina/command.h"
#include "tools/lamina/optimizer_spec.h"
#include "tools/lamina/profile_report.h"

namespace lamina::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model, loss, optimizer = "adam", json;
  std::int64_t batch = 1, length = 100;
  int threads = 0;
  bool train = false, cached = false, profile = false;
};

constexpr double seconds_to_measure = 1.0;
constexpr std::size_t fewest_calls = 5, most_calls = 100000;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Shape closed(const Shape &shape, const Options &options) {
  Shape result = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (shape.data()[axis] == none)
      result.begin()[axis] = axis == 0 ? options.batch : options.length;
  return result;
}

/// Ids that every Embedding of the model has.
std::int64_t smallest_vocabulary(const Model &model) {
  std::int64_t smallest = std::numeric_limits<std::int32_t>::max();
  for (const auto &layer : model.layers()) {
    if (layer->class_name() != "Embedding")
      continue;
    const Config config = layer->serialized_config();
    if (const Config *size = config.find("input_dim"))
      smallest = std::min(smallest, size->as_int());
  }
  return smallest;
}

Tensor random_input(const KerasTensor &input, std::int64_t vocabulary, const Options &options,
                    runtime::Philox &random) {
  bool ids = !is_floating(input.dtype());
  Tensor values(closed(input.shape(), options), ids ? DType::Int64 : DType::Float32, Tensor::Fill::None);
  for (std::int64_t i = 0; i < values.numel(); ++i)
    if (ids)
      values.data<std::int64_t>()[i] = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(vocabulary)));
    else
      values.data<float>()[i] = random.uniform() * 2 - 1;
  return values.astype(input.dtype());
}

/// Targets that suit the loss: class numbers, one-hot rows, 0 and 1, or numbers.
Tensor random_target(const KerasTensor &output, const Options &options, runtime::Philox &random) {
  Shape shape = closed(output.shape(), options);
  std::int64_t classes = shape.empty() ? 1 : shape.back();
  if (options.loss.starts_with("sparse_")) {
    Tensor labels(shape.subshape(0, shape.rank() - 1), DType::Int32);
    for (std::int32_t &label : labels.values<std::int32_t>())
      label = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(std::max<std::int64_t>(classes, 1))));
    return labels;
  }
  Tensor target(shape, DType::Float32);
  for (std::int64_t i = 0; i < target.numel(); ++i) {
    float value = random.uniform();
    if (options.loss.starts_with("categorical_"))
      value = i % classes == (i / classes) % classes;
    else if (options.loss.starts_with("binary_"))
      value = value < 0.5f;
    target.data<float>()[i] = value;
  }
  return target;
}

/// The call's times in microseconds, sorted; the first call, which compiles, apart.
template <typename F> std::pair<double, std::vector<double>> measure(F &&call) {
  auto start = Clock::now();
  call();
  double first = microseconds_since(start);
  std::vector<double> times;
  for (auto begin = Clock::now(); times.size() < most_calls;) {
    auto before = Clock::now();
    call();
    times.push_back(microseconds_since(before));
    if (times.size() >= fewest_calls && microseconds_since(begin) > seconds_to_measure * 1e6)
      break;
  }
  std::sort(times.begin(), times.end());
  return {first, times};
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void bench(const Options &options) {
  if (!options.cached)
    setenv("LAMINA_CACHE", "none", 1);
  Model model = load_model(options.model);
  runtime::Philox random(0);
  std::vector<Tensor> x, y;
  std::int64_t vocabulary = smallest_vocabulary(model);
  for (const KerasTensor &input : model.inputs())
    x.push_back(random_input(input, vocabulary, options, random));
  std::function<void(Profile *)> run = [&](Profile *profile) {
    model.run(x, {.threads = options.threads, .profile = profile});
  };
  if (options.train) {
    OptimizerSpec optimizer = parse_optimizer_spec(options.optimizer);
    for (const KerasTensor &output : model.outputs())
      y.push_back(random_target(output, options, random));
    model.compile({.optimizer = make_optimizer(optimizer.name, optimizer.options), .loss = options.loss});
    run = [&](Profile *profile) { model.train_on_batch(x, y, {.threads = options.threads, .profile = profile}); };
  }
  auto [first, times] = measure([&] { run(nullptr); });
  double median = times[times.size() / 2];
  runtime::Json result = {{"compile_ms", std::max(0.0, first - median) / 1e3},
                          {"median_us", median},
                          {"min_us", times.front()},
                          {"p90_us", times[times.size() * 9 / 10]},
                          {"peak_rss_mb", peak_memory_mb()}};
  if (options.json != "-")
    std::printf("compile %.1f ms, call %.2f us (median of %zu; min %.2f, p90 %.2f), %.0f MB\n",
                result["compile_ms"].get<double>(), median, times.size(), times.front(), result["p90_us"].get<double>(),
                result["peak_rss_mb"].get<double>());
  if (options.profile) {
    ProfileReport report;
    Profile profile;
    measure([&] {
      run(&profile);
      report.add(profile);
    });
    runtime::Roofline roofline(options.threads ? options.threads : runtime::available_cpus());
    std::vector<ProfileReport::Row> rows = report.rows(roofline);
    result["kernels"] = profile_json(rows);
    if (options.json != "-")
      std::printf("\n%s", profile_table(rows, report.other_microseconds()).c_str());
  }
  if (!options.json.empty())
    runtime::write_file(options.json, result.dump() + "\n");
}

} // namespace

void add_bench(CLI::App &app) {
  CLI::App *command = app.add_subcommand("bench", "Measure compile time and the time of a call on random arrays");
  auto options = std::make_shared<Options>();
  add_model(*command, options->model);
  auto positive = CLI::Range(std::int64_t(1), std::int64_t(1) << 40).description("");
  command->add_option("--batch", options->batch, "rows a call; 1 by default")->type_name("B")->check(positive);
  command->add_option("--length", options->length, "size of other open dimensions; 100 by default")
      ->type_name("T")
      ->check(positive);
  add_threads(*command, options->threads);
  CLI::Option *train = command->add_flag("--train", options->train, "measure a training step");
  CLI::Option *loss =
      command->add_option("--loss", options->loss, "the loss to train with")->type_name("L")->needs(train);
  train->needs(loss);
  command->add_option("--optimizer", options->optimizer, "the optimizer to train with; adam by default")
      ->type_name("O")
      ->needs(train);
  command->add_option("--json", options->json, "write the figures; - is standard output")->type_name("F");
  command->add_flag("--profile", options->profile, "add a row a fused kernel: its layers, time and share of the limit");
  command->add_flag("--cached", options->cached, "take compiled kernels from the cache on disk, and put them there");
  command->callback([options] { bench(*options); });
}

} // namespace lamina::tools
