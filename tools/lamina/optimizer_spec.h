#ifndef LAMINA_TOOLS_OPTIMIZER_SPEC_H
#define LAMINA_TOOLS_OPTIMIZER_SPEC_H

#include <string>

#include <lamina/config.h>

namespace lamina::tools {

struct OptimizerSpec {
  std::string name;
  Config options;
};

/// "sgd:learning_rate=0.1,nesterov=true". Values are numbers, true, false or none.
/// Errors: an option without a value, twice, or with another kind of value.
OptimizerSpec parse_optimizer_spec(const std::string &text);

} // namespace lamina::tools

#endif
