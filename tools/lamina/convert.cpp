#include <lamina/model.h>

#include "runtime/files.h"
#include "runtime/safetensors.h"
#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

void convert(const std::string &from, const std::string &to) {
  bool weights_only = to.ends_with(".safetensors");
  if (!weights_only && !to.ends_with(".keras"))
    throw UsageError("OUT is " + runtime::in_quotes(to) + "; its name must end in .keras or .safetensors");
  runtime::check_writable_file(to);
  Model model = load_model(from);
  if (!weights_only)
    return model.save(to);
  runtime::NamedTensors arrays;
  for (const auto &[path, variable] : model.weight_paths())
    arrays.emplace_back(path, variable.value());
  runtime::write_safetensors(to, arrays);
}

} // namespace

void add_convert(CLI::App &app) {
  CLI::App *command = app.add_subcommand("convert", "Load a model and save it, or its weights alone");
  auto paths = std::make_shared<std::pair<std::string, std::string>>();
  command->add_option("IN", paths->first, "a .keras file")->required()->type_name("");
  command->add_option("OUT", paths->second, "a .keras file, or a .safetensors file for the weights alone")
      ->required()
      ->type_name("");
  command->callback([paths] { convert(paths->first, paths->second); });
}

} // namespace lamina::tools
