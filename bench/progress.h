#ifndef LAMINA_BENCH_PROGRESS_H
#define LAMINA_BENCH_PROGRESS_H

#include <string>

namespace lamina::bench {

/// Counts a row, as it will be called, if the command's filter lets it run.
void expect_row(const std::string &name);

/// While it lives, standard error says which row of how many is being measured, if it is a terminal.
class Running {
public:
  explicit Running(const std::string &name);
  ~Running();
  Running(const Running &) = delete;
  Running &operator=(const Running &) = delete;
};

} // namespace lamina::bench

#endif
