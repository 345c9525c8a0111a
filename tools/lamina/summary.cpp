#include <iostream>

#include <lamina/model.h>

#include "tools/lamina/command.h"

namespace lamina::tools {

void add_summary(CLI::App &app) {
  CLI::App *command = app.add_subcommand("summary", "Show the table of layers, shapes and parameters");
  auto path = std::make_shared<std::string>();
  add_model(*command, *path);
  command->callback([path] { load_model(*path).summary(std::cout); });
}

} // namespace lamina::tools
