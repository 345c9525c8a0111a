#include "compiler/model/network.h"

#include "compiler/model/layer_support.h"
#include "compiler/trace/Graph.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace lamina {

Network::Network(const std::string &name, std::vector<KerasTensor> inputs, std::vector<KerasTensor> outputs,
                 Config input_structure, Config output_structure)
    : form_(Form::Functional), inputs_(std::move(inputs)), outputs_(std::move(outputs)),
      input_structure_(std::move(input_structure)), output_structure_(std::move(output_structure)) {
  init(name, true, "float32");
  map_graph();
  adopt_layers();
}

Network::Network(const std::string &name, std::vector<std::shared_ptr<LayerBase>> layers) : form_(Form::Sequential) {
  init(name, true, "float32");
  for (auto &layer : layers)
    add(std::move(layer));
}

void Network::add(std::shared_ptr<LayerBase> layer) {
  if (auto *input = dynamic_cast<InputLayer *>(layer.get())) {
    if (!layers_.empty() || has_graph())
      throw Error("model '" + name() + "': an Input can only come first");
    inputs_ = {input->output()};
    return;
  }
  layers_.push_back(layer);
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i)
    if (layers_[i] != layer && layers_[i]->name() == layer->name())
      throw Error("model '" + name() + "': two layers are named '" + layer->name() + "'");
  adopt_layers();
  if (!has_graph() && inputs_.empty())
    return;
  BuildScope scope(*this);
  KerasTensor last = has_graph() ? outputs_[0] : inputs_[0];
  outputs_ = layer->record_call({last}, Config::list({tensor_reference(0)}), Config::dict());
  if (outputs_.size() != 1)
    throw Error("model '" + name() + "': layer '" + layer->name() + "' gives " + std::to_string(outputs_.size()) +
                " outputs; a Sequential model needs one");
  nodes_.push_back(outputs_[0].node());
}

void Network::build_sequential(const Shape &batch_shape, DType dtype) {
  if (has_graph())
    return;
  BuildScope scope(*this);
  auto input = std::make_shared<InputLayer>(batch_shape, dtype, "");
  inputs_ = {input->output()};
  KerasTensor last = inputs_[0];
  for (const auto &layer : layers_) {
    auto outputs = layer->record_call({last}, Config::list({tensor_reference(0)}), Config::dict());
    if (outputs.size() != 1)
      throw Error("model '" + name() + "': layer '" + layer->name() + "' gives " + std::to_string(outputs.size()) +
                  " outputs; a Sequential model needs one");
    last = outputs[0];
    nodes_.push_back(last.node());
  }
  outputs_ = {last};
}

std::string numbered_name(const std::string &base, std::map<std::string, int> &counts) {
  int n = counts[base]++;
  return n ? base + "_" + std::to_string(n) : base;
}

void Network::adopt_layers() {
  std::map<std::string, int> counts;
  std::set<const LayerBase *> known;
  for (const Child &child : children())
    known.insert(child.layer.get());
  for (const auto &layer : layers_) {
    if (dynamic_cast<Operation *>(layer.get()))
      continue;
    std::string name = numbered_name(to_snake_case(layer->python_name()), counts);
    if (!known.count(layer.get()))
      add_child("layers/" + name, layer);
  }
}

void Network::map_graph() {
  // The order of layers decides the paths of their weights: it must be the one that Keras finds.
  if (outputs_.empty())
    throw Error("model '" + name() + "': needs at least one output");
  std::unordered_set<const Node *> finished;
  std::vector<std::shared_ptr<Node>> decreasing;
  std::unordered_map<const LayerBase *, int> first_seen;
  std::function<void(const KerasTensor &)> visit = [&](const KerasTensor &tensor) {
    const std::shared_ptr<Node> &node = tensor.node();
    if (finished.count(node.get()))
      return;
    bool given = std::find(inputs_.begin(), inputs_.end(), tensor) != inputs_.end();
    if (given && !node->inputs.empty()) {
      finished.insert(node.get());
      return;
    }
    if (node->inputs.empty() && !given)
      throw Error("model '" + name() + "': an output depends on input '" + node->layer->name() +
                  "', which is not among the model's inputs");
    first_seen.try_emplace(node->layer.get(), static_cast<int>(first_seen.size()));
    for (const KerasTensor &input : node->inputs)
      visit(input);
    finished.insert(node.get());
    decreasing.push_back(node);
  };
  for (const KerasTensor &output : outputs_)
    visit(output);

  std::unordered_set<const Node *> in_graph;
  for (const auto &node : decreasing)
    in_graph.insert(node.get());
  std::unordered_map<const Node *, int> node_depth;
  std::unordered_map<const LayerBase *, int> layer_depth;
  std::vector<std::shared_ptr<LayerBase>> found;
  for (auto it = decreasing.rbegin(); it != decreasing.rend(); ++it) {
    const Node &node = **it;
    int depth = node_depth.try_emplace(&node, 0).first->second;
    auto [place, added] = layer_depth.try_emplace(node.layer.get(), depth);
    if (added)
      found.push_back(node.layer);
    depth = std::max(depth, place->second);
    place->second = depth;
    node_depth[&node] = depth;
    for (const KerasTensor &input : node.inputs)
      if (in_graph.count(input.node().get())) {
        int &before = node_depth.try_emplace(input.node().get(), 0).first->second;
        before = std::max(before, depth + 1);
      }
  }
  for (const KerasTensor &input : inputs_)
    if (!layer_depth.count(&input.layer()) && input.node()->inputs.empty()) {
      layer_depth[&input.layer()] = 0;
      first_seen[&input.layer()] = -1;
      found.push_back(input.node()->layer);
      decreasing.push_back(input.node());
    }
  std::sort(found.begin(), found.end(), [&](const auto &a, const auto &b) {
    int da = layer_depth[a.get()], db = layer_depth[b.get()];
    return da != db ? da > db : first_seen[a.get()] < first_seen[b.get()];
  });
  std::set<std::string> names;
  for (const auto &layer : found)
    if (!names.insert(layer->name()).second)
      throw Error("model '" + name() + "': two layers are named '" + layer->name() + "'; names must differ");
  layers_ = found;
  nodes_ = decreasing;
  std::sort(nodes_.begin(), nodes_.end(), [](const auto &a, const auto &b) { return a->number < b->number; });
}

void Network::do_build(const std::vector<Shape> &shapes) {
  if (form_ != Form::Sequential || has_graph() || shapes.empty())
    return;
  Shape open = shapes[0];
  if (open.rank())
    open[0] = none;
  build_sequential(open, DType::Float32);
}

Values Network::do_call(const Values &inputs, CallContext &context) { return inputs; }

Values Network::invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs) {
  if (form_ == Form::Sequential && !has_graph()) {
    if (inputs.empty())
      throw Error("model '" + name() + "': a call without inputs");
    Shape open = inputs[0].shape();
    if (open.rank())
      open[0] = none;
    build_sequential(open, inputs[0].dtype());
  }
  // Tensors in the order of the arguments; keyword arguments such as a mask do not reach the layers.
  Values given;
  std::function<void(const Config &)> collect = [&](const Config &structure) {
    if (const Config *index = structure.find("__tensor__"))
      given.push_back(inputs.at(static_cast<std::size_t>(index->as_int())));
    else if (structure.is_list())
      for (const Config &item : structure.as_list())
        collect(item);
    else if (structure.is_dict())
      for (const auto &[key, value] : structure.as_dict())
        collect(value);
  };
  // A dictionary of inputs goes by the inputs' names.
  if (args.is_list() && args.size() == 1 && args[0].is_dict() && !args[0].contains("__tensor__")) {
    for (const KerasTensor &input : inputs_)
      if (const Config *named = args[0].find(input.layer().name()))
        collect(*named);
  } else {
    collect(args);
  }
  if (given.size() != inputs_.size())
    throw Error("model '" + name() + "' takes " + std::to_string(inputs_.size()) + " inputs, got " +
                std::to_string(given.size()));
  std::unordered_map<const Node *, Values> results;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Shape &want = inputs_[i].shape(), got = given[i].shape();
    bool fits = want.rank() == got.rank();
    for (std::size_t axis = 1; fits && axis < want.rank(); ++axis) {
      auto a = static_cast<std::int64_t>(axis);
      fits = want[a] == none || got[a] == none || want[a] == got[a];
    }
    if (!fits)
      throw Error("model '" + name() + "': input '" + inputs_[i].layer().name() + "' expects shape " + want.str() +
                  ", got " + got.str());
    Values &place = results[inputs_[i].node().get()];
    place.resize(std::max(place.size(), inputs_[i].index() + 1));
    place[inputs_[i].index()] = converted(graph, given[i], inputs_[i].dtype());
  }
  graph.callers.push_back(this);
  for (const auto &node : nodes_) {
    if (results.count(node.get()))
      continue;
    Values operands;
    for (const KerasTensor &input : node->inputs)
      operands.push_back(results.at(input.node().get()).at(input.index()));
    results[node.get()] = node->layer->invoke(graph, operands, node->args, node->kwargs);
  }
  graph.callers.pop_back();
  Values outputs;
  for (const KerasTensor &output : outputs_)
    outputs.push_back(results.at(output.node().get()).at(output.index()));
  return outputs;
}

InputLayer::InputLayer(const Shape &batch_shape, DType dtype, const std::string &name)
    : batch_shape_(batch_shape), input_dtype_(dtype) {
  init(name, true, "float32");
}

KerasTensor InputLayer::output() {
  std::shared_ptr<Node> node = node_.lock();
  if (!node) {
    node = std::make_shared<Node>();
    node->layer = shared_from_this();
    node->outputs = {{batch_shape_, input_dtype_}};
    node_ = node;
  }
  return KerasTensor(node, 0);
}

Config InputLayer::serialized_config() const {
  if (!config_.is_null())
    return config_;
  return {{"batch_shape", batch_shape_},
          {"dtype", std::string(dtype_name(input_dtype_))},
          {"sparse", false},
          {"ragged", false},
          {"name", name()},
          {"optional", false}};
}

void InputLayer::do_load(const Config &config) {
  config_ = config;
  const Config *shape = config.find("batch_shape");
  if (!shape)
    shape = config.find("batch_input_shape");
  if (!shape)
    throw Error("its configuration has no 'batch_shape'");
  try {
    batch_shape_ = static_cast<Shape>(*shape);
  } catch (const Error &error) {
    throw Error(std::string("batch_shape: ") + error.what());
  }
  double elements = 1;
  for (std::size_t i = 0; i < batch_shape_.rank(); ++i)
    elements *= batch_shape_[static_cast<std::int64_t>(i)] == none
                    ? 1.0
                    : static_cast<double>(batch_shape_[static_cast<std::int64_t>(i)]);
  if (elements > 4e9)
    throw Error("an input of shape " + batch_shape_.str() + " is more than this machine can hold");
  if (const Config *dtype = config.find("dtype"); dtype && dtype->is_string())
    input_dtype_ = dtype_from_name(dtype->as_string());
  for (const char *flag : {"sparse", "ragged"})
    if (const Config *value = config.find(flag); value && value->is_bool() && value->as_bool())
      throw Error(std::string(flag) + " inputs are not supported");
}

namespace {

void collect_places(const LayerBase &layer, const std::string &path, std::unordered_set<const LayerBase *> &visited,
                    std::vector<WeightPlace> &places, const std::string &owner) {
  if (!visited.insert(&layer).second)
    return;
  int index = 0;
  std::string prefix = path.empty() ? "vars/" : path + "/vars/";
  for (const std::vector<Variable> *list : {&layer.own_trainable(), &layer.own_non_trainable()})
    for (const Variable &variable : *list)
      places.push_back({prefix + std::to_string(index++), variable, owner});
  bool network = dynamic_cast<const Network *>(&layer) != nullptr;
  for (const LayerBase::Child &child : layer.children())
    collect_places(*child.layer, path.empty() ? child.path : path + "/" + child.path, visited, places,
                   network ? child.layer->name() : owner);
}

} // namespace

std::vector<WeightPlace> weight_places(const LayerBase &model) {
  std::vector<WeightPlace> places;
  std::unordered_set<const LayerBase *> visited;
  collect_places(model, "", visited, places, model.name());
  return places;
}

std::vector<std::pair<std::string, Variable>> weight_paths(const LayerBase &model) {
  std::vector<std::pair<std::string, Variable>> result;
  for (const WeightPlace &place : weight_places(model))
    result.emplace_back(place.path, place.variable);
  return result;
}

} // namespace lamina
