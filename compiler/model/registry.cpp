#include "compiler/model/registry.h"

#include "lamina/layer.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <typeindex>

namespace lamina {
namespace {

struct Entry {
  std::string class_name, package;
  detail::LayerFactory factory;
};

struct Registry {
  std::map<std::pair<std::string, std::string>, Entry> by_name; ///< (package, class)
  std::map<std::type_index, std::pair<std::string, std::string>> by_type;
};

Registry &registry() {
  static Registry instance;
  return instance;
}

/// Keras's layers that cannot be here, and why.
const std::map<std::string, std::string> &refusals() {
  static const std::string code = "holds Python code, which is not run: replace it by layers";
  static const std::map<std::string, std::string> reasons{
      {"FlaxLayer", code},
      {"JaxLayer", code},
      {"Lambda", code},
      {"TFSMLayer", "runs a TensorFlow SavedModel, which is not read: replace it by layers"},
      {"TextVectorization", "splits strings, and arrays hold numbers only: split them before, and start the model from "
                            "the words' numbers"},
      {"TorchModuleWrapper", code},
  };
  return reasons;
}

std::string text_of(const Config *config) { return config && config->is_string() ? config->as_string() : ""; }

} // namespace

namespace detail {

bool register_layer(const std::type_info &type, std::string_view class_name, std::string_view package,
                    LayerFactory factory) {
  std::pair key{std::string(package), std::string(class_name)};
  registry().by_name[key] = {key.second, key.first, std::move(factory)};
  registry().by_type[type] = key;
  return true;
}

} // namespace detail

/// (package, class) of a layer's type; package empty where it was not registered.
std::pair<std::string, std::string> registered_name(const std::type_info &type) {
  auto found = registry().by_type.find(type);
  if (found != registry().by_type.end())
    return found->second;
  // A mangled name ends in <length><class>E; good enough for messages.
  std::string name = type.name(), last;
  for (std::size_t i = 0; i < name.size();) {
    if (!std::isdigit(static_cast<unsigned char>(name[i]))) {
      ++i;
      continue;
    }
    std::size_t end = i, length = 0;
    while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])))
      length = length * 10 + static_cast<std::size_t>(name[end++] - '0');
    last = name.substr(end, length);
    i = end + length;
  }
  return {"", last.empty() ? name : last};
}

Config serialized(const std::string &module, const std::string &class_name, Config config) {
  return {{"module", module}, {"class_name", class_name}, {"config", std::move(config)}, {"registered_name", nullptr}};
}

std::pair<std::string, Config> class_and_config(const Config &object, const char *what) {
  if (object.is_string())
    return {object.as_string(), Config::dict()};
  const Config *name = object.find("class_name"), *config = object.find("config");
  if (!name || !name->is_string())
    throw Error(std::string(what) + ": expected a name or {class_name, config}, got " + object.str().substr(0, 60));
  return {name->as_string(), config && config->is_dict() ? *config : Config::dict()};
}

Error unknown(const std::string &what, const std::string &name, const std::vector<std::string> &known) {
  std::string list;
  for (const std::string &item : known)
    list += (list.empty() ? "" : ", ") + item;
  return Error("unknown " + what + " '" + name.substr(0, 80) + "'; known: " + list);
}

std::string to_snake_case(std::string_view name) {
  // A word starts at a capital that follows a small letter or stands before one.
  std::string out;
  auto upper = [&](std::size_t i) { return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])); };
  auto lower = [&](std::size_t i) { return i < name.size() && std::islower(static_cast<unsigned char>(name[i])); };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!std::isalnum(static_cast<unsigned char>(name[i])) && name[i] != '_')
      continue;
    bool digit_before = i && std::isdigit(static_cast<unsigned char>(name[i - 1]));
    if (i && upper(i) && (lower(i - 1) || (lower(i + 1) && !out.empty()) || (digit_before && lower(i + 1))))
      out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return out;
}

bool is_registered(const std::string &package, const std::string &class_name) {
  return registry().by_name.count({package, class_name}) != 0;
}

/// The key that a serialized object is registered under.
std::pair<std::string, std::string> registry_key(const Config &object) {
  std::string class_name = text_of(object.find("class_name"));
  std::string module = text_of(object.find("module")), registered = text_of(object.find("registered_name"));
  bool keras = module == "keras" || module.starts_with("keras.");
  if (auto split = registered.find('>'); split != std::string::npos && !keras)
    return {registered.substr(0, split), registered.substr(split + 1)};
  // Some classes of Keras's applications have no public name: their module stands for it.
  if (is_registered(module, class_name))
    return {module, class_name};
  return {keras || module.empty() ? "keras" : "", class_name};
}

std::string refusal(const std::string &class_name) {
  auto found = refusals().find(class_name);
  return found == refusals().end() ? "" : "a " + class_name + " " + found->second;
}

std::shared_ptr<LayerBase> layer_from_config(const Config &object) {
  auto key = registry_key(object);
  auto found = registry().by_name.find(key);
  auto [class_name, config] = class_and_config(object, "layer");
  std::string name = text_of(config.find("name"));
  std::string label = "layer '" + (name.empty() ? class_name : name) + "'";
  if (found == registry().by_name.end() && !refusal(class_name).empty())
    throw Error(label + ": " + refusal(class_name));
  if (found == registry().by_name.end())
    throw Error(label + ": class '" + class_name + "' is not known; register it with LAMINA_REGISTER_LAYER");
  try {
    std::shared_ptr<LayerBase> layer = found->second.factory(config);
    layer->load_config(config);
    return layer;
  } catch (const Error &error) {
    std::string what = error.what();
    throw Error(what.find("'" + name + "'") != std::string::npos && !name.empty() ? what : label + ": " + what);
  }
}

Config serialize_layer(const LayerBase &layer) {
  std::string package = layer.package();
  if (package.empty())
    throw Error("layer '" + layer.name() + "': class " + layer.class_name() +
                " cannot be saved; register it with LAMINA_REGISTER_LAYER");
  bool keras = package == "keras", module = package.starts_with("keras.");
  Config result = Config::dict();
  result.set("module", keras ? Config("keras.layers") : module ? Config(package) : Config());
  result.set("class_name", layer.class_name());
  result.set("config", layer.serialized_config());
  result.set("registered_name", keras || module ? Config() : Config(package + ">" + layer.class_name()));
  return result;
}

std::vector<std::string> registered_layers(std::string_view package) {
  std::vector<std::string> names;
  for (const auto &[key, entry] : registry().by_name)
    if (key.first == package)
      names.push_back(key.second);
  return names;
}

std::vector<std::string> keys_of(const Config &config) {
  std::vector<std::string> keys;
  for (const auto &[key, value] : config.as_dict())
    keys.push_back(key);
  return keys;
}

std::vector<KnownClass> refused_layers() {
  std::vector<KnownClass> classes;
  for (const auto &[name, reason] : refusals())
    classes.push_back({name, {reason}});
  return classes;
}

std::vector<KnownClass> known_layers() {
  std::vector<KnownClass> classes;
  const Config least{{"layer", serialized("keras.layers", "LSTM", {{"units", 1}})}}; // for layers around another
  for (const std::string &name : registered_layers()) {
    Config config = registry().by_name.at({"keras", name}).factory(least)->serialized_config();
    config.set("activity_regularizer", Config()); // every layer has it, and saves it where it is set
    classes.push_back({name, keys_of(config)});
  }
  return classes;
}

} // namespace lamina
