#include <lamina/model.h>

#include "tools/lamina/command.h"
#include "tools/lamina/model_arrays.h"

namespace lamina::tools {
namespace {

struct Options {
  std::string model, input, output;
  bool training = false;
  int threads = 0;
  std::uint64_t seed = 0;
};

void run(const Options &options) {
  runtime::check_writable_file(options.output);
  Model model = load_model(options.model);
  std::vector<Tensor> inputs = read_inputs(runtime::NpzReader(options.input), model);
  std::vector<Tensor> outputs =
      model.run(inputs, {.training = options.training, .seed = options.seed, .threads = options.threads});
  runtime::NamedTensors arrays;
  for (const Tensor &output : outputs)
    arrays.emplace_back("output_" + std::to_string(arrays.size()), output);
  runtime::write_npz(options.output, arrays);
}

} // namespace

void add_run(CLI::App &app) {
  CLI::App *command = app.add_subcommand("run", "Compute a model's outputs from arrays in an .npz file");
  auto options = std::make_shared<Options>();
  add_model(*command, options->model);
  command->add_option("-i,--input", options->input, "arrays named after the model's inputs, or input_0, input_1 ...")
      ->required()
      ->type_name("X.npz");
  command->add_option("-o,--output", options->output, "where to write output_0, output_1 ...; - is standard output")
      ->required()
      ->type_name("Y.npz");
  command->add_flag("--training", options->training,
                    "as in training: dropout drops, batch normalization uses the batch");
  add_threads(*command, options->threads);
  add_seed(*command, options->seed);
  command->callback([options] { run(*options); });
}

} // namespace lamina::tools
