#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include <lamina/error.h>

#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

constexpr int failed = 1, wrong_usage = 2;
constexpr std::size_t longest_message = 1500;

/// One line on standard error, whatever the text holds.
int report(int code, std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  if (text.size() > longest_message)
    text = text.substr(0, longest_message) + "...";
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

void add_commands(CLI::App &app) {
  add_summary(app);
  add_plot(app);
  add_run(app);
  add_grad(app);
  add_train(app);
  add_convert(app);
  add_compile(app);
  add_bench(app);
  add_devices(app);
  add_list(app);
}

std::string help_of(const CLI::App &app) {
  auto used = app.get_subcommands();
  return used.empty() ? app.get_name() + " --help" : app.get_name() + " " + used.front()->get_name() + " --help";
}

int run(int argc, char **argv) {
  CLI::App app("Keras models as machine code: run, train, compile and measure them.", "lamina");
  app.set_version_flag("--version", "lamina 0.1.0");
  app.require_subcommand(1);
  app.get_formatter()->column_width(36);
  add_commands(app);
  auto commands = app.get_subcommands([](CLI::App *) { return true; });
  if (argc > 1 && argv[1][0] != '-' &&
      std::none_of(commands.begin(), commands.end(), [&](CLI::App *each) { return each->check_name(argv[1]); })) {
    std::string names;
    for (CLI::App *command : commands)
      names += (names.empty() ? "" : ", ") + command->get_name();
    return report(wrong_usage, "lamina: '" + std::string(argv[1]) + "' is no command; there are " + names);
  }
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success &request) { // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError &error) {
    return report(wrong_usage, "lamina: " + std::string(error.what()) + " (see " + help_of(app) + ")");
  } catch (const UsageError &error) {
    return report(wrong_usage, "lamina: " + std::string(error.what()) + " (see " + help_of(app) + ")");
  } catch (const Error &error) {
    return report(failed, "lamina: " + std::string(error.what()));
  } catch (const std::bad_alloc &) {
    return report(failed, "lamina: out of memory");
  } catch (const std::exception &error) {
    return report(failed, "lamina: internal error: " + std::string(error.what()));
  }
}

} // namespace
} // namespace lamina::tools

int main(int argc, char **argv) { return lamina::tools::run(argc, argv); }
