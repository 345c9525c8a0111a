#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lamina/config.h"
#include "lamina/error.h"

namespace lamina {

/// {module, class_name, config, registered_name}, as Keras serializes objects.
Config serialized(const std::string &module, const std::string &class_name, Config config);

/// Class and arguments of a serialized object, or of a bare name. Errors: neither of the two; `what` says what it
/// should be.
std::pair<std::string, Config> class_and_config(const Config &object, const char *what);

/// "unknown activation 'x'; known: …"
Error unknown(const std::string &what, const std::string &name, const std::vector<std::string> &known);

} // namespace lamina
