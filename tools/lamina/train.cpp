#include <cmath>
#include <cstdio>
#include <sstream>

#include <lamina/model.h>

#include "runtime/files.h"
#include "runtime/json.h"
#include "tools/lamina/command.h"
#include "tools/lamina/model_arrays.h"
#include "tools/lamina/optimizer_spec.h"

namespace lamina::tools {
namespace {

struct Options {
  std::string model, data, output, loss, optimizer, metrics, validation, json;
  int epochs = 1, threads = 0;
  std::int64_t batch_size = 32;
  bool no_shuffle = false;
  std::uint64_t seed = 0;
};

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> items;
  std::istringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');)
    if (!item.empty())
      items.push_back(item);
  return items;
}

/// As Python's json writes it, which knows NaN and infinities.
std::string number_text(double value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value < 0 ? "-Infinity" : "Infinity";
  return runtime::Json(value).dump();
}

std::string history_json(const History &history) {
  std::string text = "{\"history\": {";
  bool first_entry = true;
  for (const auto &[name, values] : history.history) {
    text += (first_entry ? "" : ", ") + runtime::Json(name).dump() + ": [";
    for (std::size_t i = 0; i < values.size(); ++i)
      text += (i ? ", " : "") + number_text(values[i]);
    text += "]";
    first_entry = false;
  }
  return text + "}}\n";
}

void train(const Options &options) {
  runtime::check_writable_file(options.output);
  if (!options.json.empty())
    runtime::check_writable_file(options.json);
  Model model = load_model(options.model);
  if (!options.optimizer.empty() || !options.loss.empty() || !options.metrics.empty()) {
    if (options.optimizer.empty() || options.loss.empty())
      throw Error("--loss and --optimizer go together; without both, the model's own settings are used");
    OptimizerSpec optimizer = parse_optimizer_spec(options.optimizer);
    model.compile({.optimizer = make_optimizer(optimizer.name, optimizer.options),
                   .loss = options.loss,
                   .metrics = OutputMetrics::of(
                       std::vector<MetricList>(model.outputs().size(), MetricList(split(options.metrics))))});
  }
  TrainingData data = read_training_data(runtime::NpzReader(options.data), model), validation;
  if (!options.validation.empty())
    validation = read_training_data(runtime::NpzReader(options.validation), model);
  History history = model.fit(data.x, data.y,
                              {.epochs = options.epochs,
                               .batch_size = options.batch_size,
                               .shuffle = !options.no_shuffle,
                               .sample_weight = data.sample_weight,
                               .validation_x = validation.x,
                               .validation_y = validation.y,
                               .validation_sample_weight = validation.sample_weight,
                               .seed = options.seed,
                               .threads = options.threads});
  model.save(options.output);
  if (!options.json.empty())
    runtime::write_file(options.json, history_json(history));
}

} // namespace

void add_train(CLI::App &app) {
  CLI::App *command = app.add_subcommand("train", "Train a model on arrays in an .npz file and save it");
  auto options = std::make_shared<Options>();
  add_model(*command, options->model);
  command
      ->add_option("-d,--data", options->data, "x and y, or x_0, x_1 ... and y_0, y_1 ..., and perhaps sample_weight")
      ->required()
      ->type_name("DATA.npz");
  command->add_option("-o,--output", options->output, "the trained model")->required()->type_name("OUT.keras");
  command->add_option("--loss", options->loss, "one of Keras's, like mean_squared_error; by default the model's own")
      ->type_name("NAME");
  command
      ->add_option("--optimizer", options->optimizer,
                   "like adam or sgd:learning_rate=0.1,momentum=0.9; by default the model's own, which goes on")
      ->type_name("SPEC");
  command->add_option("--epochs", options->epochs, "passes over the data; 1 by default")
      ->type_name("E")
      ->check(CLI::Range(1, 1000000000).description(""));
  command->add_option("--batch-size", options->batch_size, "rows a step; 32 by default")
      ->type_name("B")
      ->check(CLI::Range(std::int64_t(1), std::int64_t(1) << 40).description(""));
  command->add_option("--metrics", options->metrics, "names with commas between, like accuracy,mae; of every output")
      ->type_name("A,B");
  command->add_flag("--no-shuffle", options->no_shuffle, "take the rows in their order");
  command->add_option("--validation-data", options->validation, "arrays named as in DATA.npz")->type_name("V.npz");
  command->add_option("--json", options->json, "write the history of losses and metrics")->type_name("LOG.json");
  add_threads(*command, options->threads);
  add_seed(*command, options->seed);
  command->callback([options] { train(*options); });
}

} // namespace lamina::tools
