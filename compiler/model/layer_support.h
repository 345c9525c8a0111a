#pragma once

#include "compiler/model/registry.h"
#include "lamina/layer.h"

#include <typeinfo>

namespace lamina {

/// (package, class) of a layer's type; the package is empty where it was not registered.
std::pair<std::string, std::string> registered_name(const std::type_info &type);
bool is_registered(const std::string &package, const std::string &class_name);
/// The key (package, class) that a serialized object is registered under.
std::pair<std::string, std::string> registry_key(const Config &object);

/// How a node's arguments refer to its i-th input.
inline Config tensor_reference(std::size_t i) {
  Config reference = Config::dict();
  reference.set("__tensor__", static_cast<std::int64_t>(i));
  return reference;
}

/// x in another type, under the same mask.
Value converted(trace::Graph &graph, const Value &x, DType dtype);

/// While it lives, weights that are made belong to this layer: their paths hold its name behind those around it.
class BuildScope {
public:
  explicit BuildScope(const LayerBase &layer);
  ~BuildScope();
  BuildScope(const BuildScope &) = delete;

private:
  bool again_; ///< inside the layer's own scope
};

} // namespace lamina
