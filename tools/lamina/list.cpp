#include <cstdio>

#include "compiler/model/registry.h"
#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

using Family = std::vector<KnownClass> (*)();

const std::vector<std::pair<std::string, Family>> &families() {
  static const std::vector<std::pair<std::string, Family>> table{
      {"layers", known_layers},
      {"activations", known_activations},
      {"initializers", known_initializers},
      {"regularizers", known_regularizers},
      {"constraints", known_constraints},
      {"losses", known_losses},
      {"metrics", known_metrics},
      {"optimizers", known_optimizers},
      {"schedules", known_schedules},
      {"operations", known_operations},
      {"refused", refused_layers},
  };
  return table;
}

void list(const std::string &family) {
  for (const auto &[name, classes] : families()) {
    if (name != family)
      continue;
    for (const KnownClass &known : classes()) {
      std::string arguments;
      for (const std::string &argument : known.arguments)
        arguments += (arguments.empty() ? "" : ", ") + argument;
      std::printf("%s(%s)\n", known.name.c_str(), arguments.c_str());
    }
  }
}

} // namespace

void add_list(CLI::App &app) {
  CLI::App *command = app.add_subcommand("list", "List Keras's layers, losses, optimizers ... that are known here");
  auto family = std::make_shared<std::string>("layers");
  std::vector<std::string> names;
  std::string text;
  for (const auto &[name, classes] : families()) {
    names.push_back(name);
    text += (text.empty() ? "" : ", ") + name;
  }
  command->add_option("FAMILY", *family, "one of " + text + "; layers by default")
      ->type_name("")
      ->check(CLI::IsMember(names).description(""));
  command->callback([family] { list(*family); });
}

} // namespace lamina::tools
