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

/// A class that files and arguments may name, with the arguments that are known beside its name.
struct KnownClass {
  std::string name;
  std::vector<std::string> arguments;
};

/// All that there are, by family. Losses come without arguments.
std::vector<KnownClass> known_layers();
std::vector<KnownClass> known_activations();
std::vector<KnownClass> known_initializers();
std::vector<KnownClass> known_regularizers();
std::vector<KnownClass> known_constraints();
std::vector<KnownClass> known_losses();
std::vector<KnownClass> known_metrics();
std::vector<KnownClass> known_optimizers();
std::vector<KnownClass> known_schedules();
/// Those of keras.ops that a graph of layers may hold, with their modules.
std::vector<KnownClass> known_operations();
/// Keras's layers that cannot be here; the argument is the reason.
std::vector<KnownClass> refused_layers();

/// Why a layer of Keras cannot be here, as a clause; empty where nothing speaks against it.
std::string refusal(const std::string &class_name);

/// The keys of a configuration.
std::vector<std::string> keys_of(const Config &config);

/// "unknown activation 'x'; known: …"
Error unknown(const std::string &what, const std::string &name, const std::vector<std::string> &known);

} // namespace lamina
