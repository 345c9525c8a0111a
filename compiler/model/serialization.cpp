#include "compiler/model/network.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

namespace lamina {
namespace {

std::string text(const Config *entry) { return entry && entry->is_string() ? entry->as_string() : ""; }

bool is_sequential(const Config &object) { return text(object.find("class_name")) == "Sequential"; }

bool is_functional(const Config &object) {
  std::string name = text(object.find("class_name"));
  const Config *config = object.find("config");
  return (name == "Functional" || name == "Model") && config && config->contains("layers");
}

bool is_operation(const Config &object) {
  std::string module = text(object.find("module"));
  return module.starts_with("keras.src.ops") || module.starts_with("keras.src.activations");
}

/// Which node of which layer a tensor of the config is: [layer, node, tensor].
struct History {
  std::string layer;
  std::int64_t node = 0, tensor = 0;
};

History history_from(const Config &list) {
  if (!list.is_list() || list.size() < 3 || !list[0].is_string() || !list[1].is_int() || !list[2].is_int())
    throw Error("a tensor is written [layer, node, index], got " + list.str().substr(0, 80));
  return {list[0].as_string(), list[1].as_int(), list[2].as_int()};
}

/// The graph of a Functional config while it is rebuilt.
class Builder {
public:
  explicit Builder(const Config &config, const std::string &model) : config_(config), model_(model) {}

  std::shared_ptr<Network> build() {
    const Config &layers = config_["layers"];
    if (!layers.is_list())
      throw Error("model '" + model_ + "': layers: expected a list, got " + layers.str().substr(0, 60));
    for (const Config &object : layers.as_list())
      create(object);
    connect();
    std::vector<KerasTensor> inputs, outputs;
    Config input_structure = structure(config_["input_layers"], inputs, 0),
           output_structure = structure(config_["output_layers"], outputs, 1);
    if (outputs.empty())
      throw Error("model '" + model_ + "' has no outputs");
    return std::make_shared<Network>(model_, inputs, outputs, input_structure, output_structure);
  }

private:
  struct Entry {
    std::shared_ptr<LayerBase> layer;
    const Config *calls;
    std::vector<std::shared_ptr<Node>> nodes;
  };

  void create(const Config &object) {
    if (!object.is_dict())
      throw Error("model '" + model_ + "': a layer must be a dictionary, got " + object.str().substr(0, 60));
    std::shared_ptr<LayerBase> layer = object_from_config(object);
    std::string name = text(object.find("name"));
    if (name.empty())
      name = layer->name();
    if (by_name_.count(name))
      throw Error("model '" + model_ + "': two layers are named '" + name + "'");
    by_name_[name] = entries_.size();
    static const Config no_calls = Config::List();
    const Config *calls = object.find("inbound_nodes");
    if (calls && !calls->is_list())
      throw Error("layer '" + name + "': inbound_nodes: expected a list");
    entries_.push_back({layer, calls ? calls : &no_calls, {}});
    if (auto *input = dynamic_cast<InputLayer *>(layer.get()))
      entries_.back().nodes.push_back(input->output().node());
  }

  /// Makes each call as soon as what it reads exists.
  void connect() {
    bool progress = true, complete = false;
    std::string waiting;
    while (progress && !complete) {
      progress = false;
      complete = true;
      for (Entry &entry : entries_) {
        if (dynamic_cast<InputLayer *>(entry.layer.get()))
          continue;
        while (entry.nodes.size() < entry.calls->size()) {
          const Config &call = (*entry.calls)[entry.nodes.size()];
          std::vector<KerasTensor> inputs;
          Config args, kwargs;
          if (!read_call(entry, call, inputs, args, kwargs)) {
            complete = false;
            waiting = entry.layer->name();
            break;
          }
          entry.nodes.push_back(entry.layer->record_call(inputs, args, kwargs)[0].node());
          progress = true;
        }
      }
    }
    if (!complete)
      throw Error("layer '" + waiting + "': its inputs form a cycle or refer to calls that do not exist");
  }

  bool read_call(const Entry &entry, const Config &call, std::vector<KerasTensor> &inputs, Config &args,
                 Config &kwargs) {
    const std::string &name = entry.layer->name();
    if (call.is_dict()) {
      const Config *a = call.find("args"), *k = call.find("kwargs");
      if (!a || !a->is_list())
        throw Error("layer '" + name + "': a call needs 'args', a list");
      bool ready = true;
      args = resolve(name, *a, inputs, ready);
      kwargs = k && k->is_dict() ? resolve(name, *k, inputs, ready) : Config::dict();
      return ready;
    }
    if (!call.is_list())
      throw Error("layer '" + name + "': a call must be a dictionary or a list");
    // Keras 2 wrote a list of [layer, node, tensor, kwargs].
    Config list = Config::List();
    kwargs = Config::dict();
    for (const Config &item : call.as_list()) {
      KerasTensor tensor = find(name, history_from(item), 0);
      if (!tensor.defined())
        return false;
      list.push_back(tensor_reference(inputs.size()));
      inputs.push_back(tensor);
    }
    args = list.size() == 1 ? list : Config::list({list});
    return true;
  }

  /// The structure with each tensor replaced by a reference to inputs; not ready while one of them does not exist.
  Config resolve(const std::string &layer, const Config &value, std::vector<KerasTensor> &inputs, bool &ready) {
    if (value.is_list()) {
      Config result = Config::List();
      for (const Config &item : value.as_list())
        result.push_back(resolve(layer, item, inputs, ready));
      return result;
    }
    if (!value.is_dict())
      return value;
    if (text(value.find("class_name")) == "__keras_tensor__") {
      const Config *config = value.find("config"), *history = config ? config->find("keras_history") : nullptr;
      if (!history)
        throw Error("layer '" + layer + "': a tensor without keras_history");
      KerasTensor tensor;
      try {
        tensor = find(layer, history_from(*history), 0);
      } catch (const Error &error) {
        std::string what = error.what();
        throw Error(what.find("layer '") == 0 ? what : "layer '" + layer + "': " + what);
      }
      if (!tensor.defined()) {
        ready = false;
        return value;
      }
      inputs.push_back(tensor);
      return tensor_reference(inputs.size() - 1);
    }
    Config result = Config::dict();
    for (const auto &[key, item] : value.as_dict())
      result.set(key, resolve(layer, item, inputs, ready));
    return result;
  }

  /// The tensor, or none while its call has not been made. Nested functional models count from `first` in some places.
  KerasTensor find(const std::string &reader, const History &history, std::int64_t first) {
    auto found = by_name_.find(history.layer);
    if (found == by_name_.end())
      throw Error("layer '" + reader + "' reads from '" + history.layer + "', which is not in the model");
    const Entry &entry = entries_[found->second];
    auto *network = dynamic_cast<Network *>(entry.layer.get());
    std::int64_t node = history.node - (network && network->form() == Network::Form::Functional ? first : 0);
    std::size_t calls = dynamic_cast<InputLayer *>(entry.layer.get()) ? 1 : entry.calls->size();
    if (node < 0 || node >= static_cast<std::int64_t>(calls))
      throw Error("layer '" + reader + "' reads call " + std::to_string(history.node) + " of '" + history.layer +
                  "', which has " + std::to_string(calls));
    if (node >= static_cast<std::int64_t>(entry.nodes.size()))
      return {};
    const std::shared_ptr<Node> &made = entry.nodes[static_cast<std::size_t>(node)];
    if (history.tensor < 0 || history.tensor >= static_cast<std::int64_t>(made->outputs.size()))
      throw Error("layer '" + reader + "' reads output " + std::to_string(history.tensor) + " of '" + history.layer +
                  "', which has " + std::to_string(made->outputs.size()));
    return KerasTensor(made, static_cast<std::size_t>(history.tensor));
  }

  /// input_layers or output_layers: one [layer, node, tensor], a list or a dictionary of them.
  Config structure(const Config &value, std::vector<KerasTensor> &tensors, std::int64_t first) {
    if (value.is_list() && !value.as_list().empty() && value[0].is_string()) {
      KerasTensor tensor = find(model_, history_from(value), first);
      if (!tensor.defined())
        throw Error("model '" + model_ + "': an output refers to a call that does not exist");
      tensors.push_back(tensor);
      return tensor_reference(tensors.size() - 1);
    }
    if (value.is_list()) {
      Config result = Config::List();
      for (const Config &item : value.as_list())
        result.push_back(structure(item, tensors, first));
      return result;
    }
    if (value.is_dict()) {
      Config result = Config::dict();
      for (const auto &[key, item] : value.as_dict())
        result.set(key, structure(item, tensors, first));
      return result;
    }
    throw Error("model '" + model_ + "': expected [layer, node, index], got " + value.str().substr(0, 60));
  }

  const Config &config_;
  std::string model_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> by_name_;
};

/// All classes of a model that cannot be loaded, to be named at once.
void collect_unsupported(const Config &object, std::vector<std::string> &problems, std::set<std::string> &named) {
  if (!object.is_dict())
    return;
  std::string class_name = text(object.find("class_name"));
  const Config *config = object.find("config");
  if (is_sequential(object) || is_functional(object)) {
    if (const Config *layers = config ? config->find("layers") : nullptr; layers && layers->is_list())
      for (const Config &layer : layers->as_list())
        collect_unsupported(layer, problems, named);
    return;
  }
  std::string name = config ? text(config->find("name")) : "";
  std::string label = class_name + (name.empty() ? "" : " '" + name + "'");
  if (class_name == "InputLayer")
    return;
  bool known = is_operation(object) ? Operation::known(class_name)
                                    : is_registered(registry_key(object).first, registry_key(object).second);
  if (!known && !class_name.empty() && named.insert(label).second)
    problems.push_back(label);
  if (!config || !config->is_dict())
    return;
  for (const char *inner : {"layer", "backward_layer", "cell"})
    if (const Config *entry = config->find(inner))
      collect_unsupported(*entry, problems, named);
  for (const char *list : {"cells", "layers"})
    if (const Config *inner = config->find(list); inner && inner->is_list())
      for (const Config &layer : inner->as_list())
        collect_unsupported(layer, problems, named);
}

void require_supported(const Config &object) {
  std::vector<std::string> problems;
  std::set<std::string> named;
  collect_unsupported(object, problems, named);
  if (problems.empty())
    return;
  std::string list;
  std::string reason = "register classes of your own with LAMINA_REGISTER_LAYER";
  for (std::size_t i = 0; i < problems.size() && i < 20; ++i) {
    list += (i ? ", " : "") + problems[i].substr(0, 80);
    if (std::string why = refusal(problems[i].substr(0, problems[i].find(' '))); !why.empty())
      reason = why;
  }
  if (problems.size() > 20)
    list += " and " + std::to_string(problems.size() - 20) + " more";
  throw Error("the model has layers that are not supported: " + list + "; " + reason);
}

std::string model_name(const Config &config) {
  std::string name = text(config.find("name"));
  return name.empty() ? "model" : name;
}

/// The shapes of the tensors in an argument, in its structure.
Config shapes_of(const Config &argument, const Node &call) {
  if (const Config *index = argument.find("__tensor__"))
    return call.inputs.at(static_cast<std::size_t>(index->as_int())).shape();
  if (!argument.is_list())
    return {};
  Config shapes = Config::List();
  for (const Config &item : argument.as_list())
    shapes.push_back(shapes_of(item, call));
  return shapes;
}

/// What Keras builds the layer with on loading, before the layer has a model: weights get the same paths as in a file
/// that Keras wrote.
Config build_config(const Node &call) {
  std::vector<std::string> names = call.layer->input_names();
  if (names.empty())
    return {{"input_shape", shapes_of(call.args[0], call)}};
  Config shapes = Config::dict();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const Config *given = i < call.args.size() ? &call.args[i] : call.kwargs.find(names[i]))
      shapes.set(names[i] + "_shape", shapes_of(*given, call));
  return {{"shapes_dict", shapes}};
}

void add_build_config(Config &object, const Node &call) {
  bool layer = !dynamic_cast<const Network *>(call.layer.get()) && !dynamic_cast<const Operation *>(call.layer.get());
  if (layer && !call.inputs.empty() && call.args.size() && !call.layer->weights().empty())
    object.set("build_config", build_config(call));
}

} // namespace

std::shared_ptr<Network> functional_from_config(const Config &config) {
  std::string name = model_name(config);
  auto network = Builder(config, name).build();
  if (const Config *trainable = config.find("trainable"); trainable && trainable->is_bool() && !trainable->as_bool())
    network->set_trainable(false);
  return network;
}

std::shared_ptr<Network> sequential_from_config(const Config &config) {
  std::string name = model_name(config);
  const Config *layers = config.find("layers");
  if (!layers || !layers->is_list())
    throw Error("model '" + name + "': layers: expected a list" +
                (layers ? ", got " + layers->str().substr(0, 60) : ""));
  if (layers->as_list().empty())
    throw Error("model '" + name + "' has no layers");
  std::vector<std::shared_ptr<LayerBase>> made;
  for (const Config &object : layers->as_list()) {
    if (!object.is_dict())
      throw Error("model '" + name + "': a layer must be a dictionary, got " + object.str().substr(0, 60));
    made.push_back(object_from_config(object));
  }
  // As in Keras, what trains is what its layers say, not its own `trainable`.
  auto network = std::make_shared<Network>(name, made);
  if (const Config *shape = config.find("build_input_shape");
      shape && shape->is_list() && !network->has_graph() && shape->size())
    network->build_sequential(static_cast<Shape>(*shape), DType::Float32);
  return network;
}

std::shared_ptr<LayerBase> object_from_config(const Config &object) {
  if (!object.is_dict() || text(object.find("class_name")).empty())
    throw Error("expected an object with a class_name, got " + object.str().substr(0, 60));
  static thread_local int depth = 0;
  struct Depth {
    Depth() { ++depth; }
    ~Depth() { --depth; }
  } guard;
  if (depth > 64)
    throw Error("models are nested more than 64 deep");
  if (depth == 1)
    require_supported(object);
  const Config *config = object.find("config");
  std::string class_name = text(object.find("class_name"));
  if (!config || !config->is_dict())
    throw Error("'" + class_name + "' has no config");
  if (is_sequential(object))
    return sequential_from_config(*config);
  if (is_functional(object))
    return functional_from_config(*config);
  if (class_name == "InputLayer") {
    auto input = std::make_shared<InputLayer>();
    std::string name = text(config->find("name"));
    try {
      input->load_config(*config);
    } catch (const Error &error) {
      throw Error("layer '" + (name.empty() ? "InputLayer" : name) + "': " + error.what());
    }
    return input;
  }
  if (is_operation(object))
    return std::make_shared<Operation>(text(object.find("module")), class_name, *config);
  return layer_from_config(object);
}

Config serialize_object(const LayerBase &layer) {
  Config result = Config::dict();
  if (auto *network = dynamic_cast<const Network *>(&layer)) {
    bool sequential = network->form() == Network::Form::Sequential;
    result.set("module", sequential ? "keras" : "keras.src.models.functional");
    result.set("class_name", network->class_name());
    result.set("config", network->serialized_config());
    result.set("registered_name", sequential ? Config() : Config("Functional"));
    return result;
  }
  if (auto *operation = dynamic_cast<const Operation *>(&layer)) {
    result.set("module", operation->module());
    result.set("class_name", operation->class_name());
    result.set("config", operation->serialized_config());
    result.set("registered_name", operation->class_name());
    return result;
  }
  result = serialize_layer(layer);
  // What a file said beyond our knowledge is said again; what it said is kept as it was.
  if (const Config &loaded = layer.loaded_config(); loaded.is_dict()) {
    Config config = loaded;
    if (result["config"].contains("trainable") && (config.contains("trainable") || !layer.trainable()))
      config.set("trainable", layer.trainable());
    result.set("config", config);
  }
  return result;
}

Config Network::serialized_config() const {
  Config config = Config::dict();
  config.set("name", name());
  config.set("trainable", trainable());
  if (form_ == Form::Sequential) {
    config.set("dtype", base_config()["dtype"]);
    Config layers = Config::List();
    if (!inputs_.empty())
      layers.push_back(serialize_object(inputs_[0].layer()));
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      layers.push_back(serialize_object(*layers_[i]));
      if (i < nodes_.size())
        add_build_config(layers.as_list().back(), *nodes_[i]);
    }
    config.set("layers", layers);
    if (!inputs_.empty())
      config.set("build_input_shape", inputs_[0].shape());
    return config;
  }
  // Calls of a layer are numbered in the order they were made, those of other models left out.
  std::unordered_map<const LayerBase *, std::vector<const Node *>> calls;
  std::vector<const Node *> ordered;
  for (const auto &node : nodes_)
    calls[node->layer.get()].push_back(node.get());
  auto history = [&](const KerasTensor &tensor, bool outer) {
    const std::vector<const Node *> &list = calls.at(&tensor.layer());
    auto index = static_cast<std::int64_t>(std::find(list.begin(), list.end(), tensor.node().get()) - list.begin());
    auto *network = dynamic_cast<const Network *>(&tensor.layer());
    if (outer && network && network->form() == Form::Functional)
      ++index;
    return Config::list({tensor.layer().name(), index, static_cast<std::int64_t>(tensor.index())});
  };
  std::function<Config(const Config &, const Node &)> written = [&](const Config &value, const Node &node) -> Config {
    if (const Config *index = value.find("__tensor__")) {
      const KerasTensor &tensor = node.inputs.at(static_cast<std::size_t>(index->as_int()));
      return {{"class_name", "__keras_tensor__"},
              {"config",
               {{"shape", tensor.shape()},
                {"dtype", std::string(dtype_name(tensor.dtype()))},
                {"keras_history", history(tensor, false)}}}};
    }
    if (value.is_list()) {
      Config result = Config::List();
      for (const Config &item : value.as_list())
        result.push_back(written(item, node));
      return result;
    }
    if (value.is_dict()) {
      Config result = Config::dict();
      for (const auto &[key, item] : value.as_dict())
        result.set(key, written(item, node));
      return result;
    }
    return value;
  };
  Config layers = Config::List();
  for (const auto &layer : layers_) {
    Config object = serialize_object(*layer);
    if (const std::vector<const Node *> &made = calls[layer.get()]; !made.empty())
      add_build_config(object, *made.front());
    object.set("name", layer->name());
    Config inbound = Config::List();
    for (const Node *node : calls[layer.get()])
      if (!node->inputs.empty())
        inbound.push_back({{"args", written(node->args, *node)}, {"kwargs", written(node->kwargs, *node)}});
    object.set("inbound_nodes", inbound);
    layers.push_back(object);
  }
  config.set("layers", layers);
  std::function<Config(const Config &, const std::vector<KerasTensor> &)> ends =
      [&](const Config &value, const std::vector<KerasTensor> &tensors) -> Config {
    if (const Config *index = value.find("__tensor__"))
      return history(tensors.at(static_cast<std::size_t>(index->as_int())), true);
    Config result = value.is_list() ? Config(Config::List()) : Config::dict();
    if (value.is_list())
      for (const Config &item : value.as_list())
        result.push_back(ends(item, tensors));
    else
      for (const auto &[key, item] : value.as_dict())
        result.set(key, ends(item, tensors));
    return result;
  };
  config.set("input_layers", ends(input_structure_, inputs_));
  config.set("output_layers", ends(output_structure_, outputs_));
  return config;
}

} // namespace lamina
