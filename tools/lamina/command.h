#ifndef LAMINA_TOOLS_COMMAND_H
#define LAMINA_TOOLS_COMMAND_H

#include <string>

#include <CLI/CLI.hpp>

namespace lamina::tools {

/// Each adds its command with options and help; the command runs when the line has been parsed.
void add_summary(CLI::App &app);
void add_plot(CLI::App &app);
void add_run(CLI::App &app);
void add_grad(CLI::App &app);
void add_train(CLI::App &app);
void add_convert(CLI::App &app);
void add_compile(CLI::App &app);
void add_bench(CLI::App &app);
void add_devices(CLI::App &app);
void add_list(CLI::App &app);

/// A wrong use that the parser cannot see: exit code 2.
class UsageError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

inline constexpr int most_threads = 1024;

/// `--threads N` into threads, which stays 0 (one a CPU) without it.
inline void add_threads(CLI::App &command, int &threads) {
  command.add_option("--threads", threads, "threads to use; one a CPU by default")
      ->type_name("N")
      ->check(CLI::Range(1, most_threads).description(""));
}

inline void add_seed(CLI::App &command, std::uint64_t &seed) {
  command.add_option("--seed", seed, "seed of all random numbers; 0 by default")->type_name("S");
}

inline void add_model(CLI::App &command, std::string &path) {
  command.add_option("MODEL", path, "a .keras file")->required()->type_name("");
}

} // namespace lamina::tools

#endif
