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

void grad(const Options &options) {
  runtime::check_writable_file(options.output);
  Model model = load_model(options.model);
  runtime::NpzReader file(options.input);
  std::vector<Tensor> inputs = read_inputs(file, model), cotangents = read_cotangents(file, model);
  Gradients gradients = model.gradients(
      inputs, cotangents, {.training = options.training, .seed = options.seed, .threads = options.threads});
  runtime::NamedTensors arrays;
  for (const Tensor &gradient : gradients.inputs)
    if (gradient.defined())
      arrays.emplace_back("grad_input_" + std::to_string(arrays.size()), gradient);
  for (std::size_t i = 0; i < gradients.weights.size(); ++i)
    arrays.emplace_back("grad_weight_" + std::to_string(i), gradients.weights[i]);
  runtime::write_npz(options.output, arrays);
}

} // namespace

void add_grad(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "grad", "Compute the gradients of the sum of outputs times cotangents, plus regularization losses");
  auto options = std::make_shared<Options>();
  add_model(*command, options->model);
  command->add_option("-i,--input", options->input, "the inputs' arrays, and cotangent_0, cotangent_1 ...")
      ->required()
      ->type_name("X.npz");
  command
      ->add_option("-o,--output", options->output,
                   "where to write grad_input_0 ... of the float inputs, and grad_weight_0 ...")
      ->required()
      ->type_name("G.npz");
  command->add_flag("--training", options->training,
                    "as in training: dropout drops, batch normalization uses the batch");
  add_threads(*command, options->threads);
  add_seed(*command, options->seed);
  command->callback([options] { grad(*options); });
}

} // namespace lamina::tools
