#include "compiler/model/model_state.h"

#include "lamina/error.h"
#include "runtime/files.h"
#include "runtime/keras_archive.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

namespace lamina {
namespace {

runtime::Json to_json(const Config &config) {
  if (config.is_null())
    return nullptr;
  if (config.is_bool())
    return config.as_bool();
  if (config.is_int())
    return config.as_int();
  if (config.is_number())
    return config.as_double();
  if (config.is_string())
    return config.as_string();
  if (config.is_list()) {
    runtime::Json list = runtime::Json::array();
    for (const Config &item : config.as_list())
      list.push_back(to_json(item));
    return list;
  }
  runtime::Json dict = runtime::Json::object();
  for (const auto &[key, value] : config.as_dict())
    dict[key] = to_json(value);
  return dict;
}

/// Where the file keeps a weight: as Keras writes it now, or as it did once.
std::string place_in(const runtime::KerasArchive &archive, const std::string &path) {
  if (archive.contains(path))
    return path;
  static const std::pair<const char *, const char *> older[] = {{"/query_dense/", "/_query_dense/"},
                                                                {"/key_dense/", "/_key_dense/"},
                                                                {"/value_dense/", "/_value_dense/"},
                                                                {"/output_dense/", "/_output_dense/"}};
  for (const auto &[now, once] : older)
    if (auto at = path.find(now); at != std::string::npos) {
      std::string other = path.substr(0, at) + once + path.substr(at + std::string_view(now).size());
      if (archive.contains(other))
        return other;
    }
  return path;
}

void load_weights(const runtime::KerasArchive &archive, const LayerBase &model) {
  for (const WeightPlace &place : weight_places(model)) {
    std::string label = "layer '" + place.layer + "': weight '" + place.variable.name() + "'";
    Tensor value;
    try {
      value = archive.weight(place_in(archive, place.path));
    } catch (const Error &error) {
      throw Error(label + " of shape " + place.variable.shape().str() + ": " + error.what());
    }
    if (value.shape() != place.variable.shape())
      throw Error(label + " has shape " + value.shape().str() + " in the file, expected " +
                  place.variable.shape().str());
    place.variable.assign(value);
  }
}

/// Vocabularies that the file keeps as texts of their own become arguments of their layers: numbers, one a line.
void insert_vocabularies(const runtime::KerasArchive &archive, Config &model, const std::string &path) {
  Config *config = model.find("config"), *layers = config ? config->find("layers") : nullptr;
  if (!layers || !layers->is_list())
    return;
  std::map<std::string, int> counts;
  for (Config &layer : layers->as_list()) {
    const Config *class_name = layer.find("class_name");
    Config *arguments = layer.find("config");
    if (!class_name || !class_name->is_string() || !arguments || !arguments->is_dict())
      continue;
    std::string place = path + numbered_name(to_snake_case(class_name->as_string()), counts);
    insert_vocabularies(archive, layer, place + "/layers/");
    std::optional<std::string> text = archive.asset(place + "/vocabulary.txt");
    const Config *vocabulary = arguments->find("vocabulary"), *type = arguments->find("vocabulary_dtype");
    if (!text || (vocabulary && !vocabulary->is_null()) || !type || !type->is_string() || type->as_string() != "int64")
      continue;
    Config tokens = Config::List();
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      std::int64_t token = 0;
      if (line.empty())
        continue;
      if (auto end = line.data() + line.size(); std::from_chars(line.data(), end, token).ptr != end)
        throw Error("assets/" + place + "/vocabulary.txt holds '" + line.substr(0, 40) + "', which is no integer");
      tokens.push_back(token);
    }
    arguments->set("vocabulary", tokens);
  }
}

/// The file's arrays of the optimizer, by number.
std::vector<Tensor> optimizer_arrays(const runtime::KerasArchive &archive) {
  std::vector<Tensor> arrays;
  for (std::size_t i = 0;; ++i) {
    std::string path = "optimizer/vars/" + std::to_string(i);
    if (!archive.contains(path))
      return arrays;
    arrays.push_back(archive.weight(path));
  }
}

/// Numbers the optimizer's variables in each place where Keras keeps them: its own with those of the optimizers inside,
/// and those inside again by themselves.
void add_optimizer_arrays(const std::string &place, const Optimizer &optimizer, runtime::NamedTensors &arrays) {
  std::size_t index = 0;
  for (const Variable &variable : optimizer.variables())
    arrays.emplace_back(place + "/vars/" + std::to_string(index++), variable.value());
  for (const auto &[name, inner] : optimizer.inner())
    add_optimizer_arrays(place + "/" + name, inner, arrays);
}

void load_optimizer(const runtime::KerasArchive &archive, const CompileArguments &arguments,
                    const std::vector<Variable> &weights) {
  std::vector<Tensor> arrays = optimizer_arrays(archive);
  std::vector<Variable> variables = arguments.optimizer.variables();
  if (arrays.size() > variables.size()) {
    arguments.optimizer.build(weights);
    variables = arguments.optimizer.variables();
  }
  if (!arrays.empty() && arrays.size() != variables.size())
    throw Error("the optimizer has " + std::to_string(variables.size()) + " arrays, the file holds " +
                std::to_string(arrays.size()));
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].shape() != variables[i].shape())
      throw Error("optimizer/vars/" + std::to_string(i) + " has shape " + arrays[i].shape().str() + ", expected " +
                  variables[i].shape().str());
    variables[i].assign(arrays[i]);
  }
}

} // namespace

void Model::save(const std::string &path) const {
  const Network &network = *state_->network;
  Config config = serialize_object(network);
  if (network.has_graph() && network.form() == Network::Form::Sequential)
    config.set("build_config", Config{{"input_shape", network.inputs()[0].shape()}});
  Config compiled = state_->compile_config;
  bool savable = !state_->compiled || std::none_of(state_->compiled->loss.begin(), state_->compiled->loss.end(),
                                                   [](const Loss &loss) { return loss.name() == "custom"; });
  if (state_->compiled && savable) {
    compiled = compile_config(*state_->compiled);
    // What the file said of settings that we do not use is kept.
    for (const auto &[key, value] : state_->compile_config.as_dict())
      if (key != "optimizer")
        compiled.set(key, value);
  }
  config.set("compile_config", savable ? compiled : Config::dict());
  runtime::NamedTensors arrays;
  for (const auto &[place, variable] : lamina::weight_paths(network))
    arrays.emplace_back(place, variable.value());
  if (state_->compiled && savable) {
    const Optimizer &optimizer = state_->compiled->optimizer;
    optimizer.build(network.trainable_weights());
    add_optimizer_arrays("optimizer", optimizer, arrays);
  }
  runtime::write_keras_archive(path, to_json(config), arrays);
}

Model load_model(const std::string &path) {
  runtime::KerasArchive archive(path);
  Config config = Config::parse(archive.config().dump());
  try {
    if (!config.is_dict())
      throw Error("config.json holds no model, but " + config.str().substr(0, 60));
    insert_vocabularies(archive, config, "layers/");
    std::shared_ptr<LayerBase> object = object_from_config(config);
    auto network = std::dynamic_pointer_cast<Network>(object);
    if (!network)
      throw Error("config.json holds a " + object->class_name() + ", no Sequential or Functional model");
    Model model(network);
    load_weights(archive, *network);
    if (const Config *compiled = config.find("compile_config"); compiled && compiled->is_dict() && compiled->size()) {
      model.restore_compiled(*compiled, [&](CompileArguments &arguments) {
        // Keras wraps the optimizer of a model of 16 bits without saying so in the file.
        if (archive.contains("optimizer/inner_optimizer/vars/0") && arguments.optimizer.inner().empty())
          arguments.optimizer = LossScaleOptimizer(arguments.optimizer);
        load_optimizer(archive, arguments, network->trainable_weights());
      });
    }
    return model;
  } catch (const Error &error) {
    std::string what = error.what();
    throw Error(what.find(path) != std::string::npos ? what : path + ": " + what);
  }
}

void Model::restore_compiled(const Config &config, const std::function<void(CompileArguments &)> &load) const {
  state_->compile_config = config;
  try {
    std::optional<CompileArguments> arguments = compile_arguments(config);
    if (!arguments)
      return;
    load(*arguments);
    state_->compiled = arguments;
  } catch (const Error &error) {
    // Settings beyond our knowledge do not keep a model from predicting; compile sets others.
    state_->compiled.reset();
    state_->compile_problem = error.what();
  }
}

} // namespace lamina
