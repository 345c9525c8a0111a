#include "lamina/layer.h"

#include "compiler/model/layer_support.h"
#include "compiler/model/network.h"
#include "compiler/trace/Graph.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>

namespace lamina {
namespace {

std::string unique_name(const std::string &base) {
  static std::map<std::string, int> counts;
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  int n = counts[base]++;
  return n ? base + "_" + std::to_string(n) : base;
}

std::string brief(const Config &config) {
  std::string text = config.str();
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

thread_local std::vector<const LayerBase *> layers_in_building;

/// Runs action; errors get the layer's name in front unless they have it.
template <typename F> auto named(const LayerBase &layer, F action) {
  try {
    return action();
  } catch (const Error &error) {
    std::string what = error.what();
    if (what.find("'" + layer.name() + "'") != std::string::npos)
      throw;
    throw Error("layer '" + layer.name() + "': " + what);
  }
}

/// Indices of the tensors that a structure of arguments refers to, in order.
void tensor_indices(const Config &structure, std::vector<std::size_t> &indices) {
  if (structure.is_dict()) {
    if (const Config *index = structure.find("__tensor__")) {
      indices.push_back(static_cast<std::size_t>(index->as_int()));
      return;
    }
    for (const auto &[key, value] : structure.as_dict())
      tensor_indices(value, indices);
  } else if (structure.is_list()) {
    for (const Config &item : structure.as_list())
      tensor_indices(item, indices);
  }
}

/// Indices of a call's inputs, those that are named after the others.
std::vector<std::size_t> input_indices(const LayerBase &layer, const Config &args, const Config &kwargs) {
  std::vector<std::size_t> indices;
  tensor_indices(args, indices);
  for (const std::string &name : layer.input_names())
    if (const Config *given = kwargs.find(name))
      tensor_indices(*given, indices);
  return indices;
}

constexpr std::string_view mixed_prefix = "mixed_";

/// Inputs in a layer's type, by way of the type that it rounds to.
Values entering(trace::Graph &graph, const LayerBase &layer, Values values) {
  for (Value &x : values) {
    if (!is_floating(x.dtype()))
      continue;
    if (is_half(layer.compute_dtype()))
      x = converted(graph, x, layer.compute_dtype());
    x = converted(graph, x, layer.dtype());
  }
  return values;
}

/// Results rounded to the layer's type; inside another layer they go on in the type that it computes in.
Values leaving(trace::Graph &graph, const LayerBase &layer, Values values) {
  const LayerBase *caller = graph.callers.empty() ? nullptr : graph.callers.back();
  bool inside = caller && !dynamic_cast<const Network *>(caller);
  for (Value &x : values) {
    if (!is_half(layer.compute_dtype()) || x.dtype() != layer.dtype())
      continue;
    x = converted(graph, x, layer.compute_dtype());
    if (inside)
      x = converted(graph, x, caller->dtype());
  }
  return values;
}

/// No array that a layer gives may be larger than this for one sample: files ask for such sizes, users do not.
constexpr double largest_sample = 4e9;

void check_sizes(const Values &values) {
  for (const Value &value : values) {
    double elements = 1;
    for (std::int64_t dim : value.shape())
      elements *= dim == none ? 1 : static_cast<double>(dim);
    if (elements > largest_sample)
      throw Error("gives arrays of shape " + value.shape().str() + ", more than this machine can hold");
  }
}

} // namespace

Sizes Sizes::expanded(std::size_t n, const char *what, std::int64_t least) const {
  Sizes result = *this;
  if (same)
    result.assign(n, front());
  result.same = false;
  if (result.size() != n)
    throw Error(std::string(what) + " must be one integer or " + std::to_string(n) + ", got " +
                Config(static_cast<const std::vector<std::int64_t> &>(*this)).str());
  for (std::int64_t size : result)
    if (size < least)
      throw Error(std::string(what) + " must be at least " + std::to_string(least) + ", got " +
                  Config(static_cast<const std::vector<std::int64_t> &>(*this)).str());
  return result;
}

Value CallContext::tensor(std::string_view key) const {
  const Config *entry = kwargs.find(key);
  const Config *index = entry ? entry->find("__tensor__") : nullptr;
  return index ? tensors.at(static_cast<std::size_t>(index->as_int())) : Value();
}

Values CallContext::tensor_list(std::string_view key) const {
  Values result;
  if (const Config *entry = kwargs.find(key)) {
    std::vector<std::size_t> indices;
    tensor_indices(*entry, indices);
    for (std::size_t index : indices)
      result.push_back(tensors.at(index));
  }
  return result;
}

bool CallContext::flag(std::string_view key, bool otherwise) const {
  const Config *entry = kwargs.find(key);
  return entry && entry->is_bool() ? entry->as_bool() : otherwise;
}

void CallContext::add_loss(const Value &loss) const { graph_->losses.push_back(loss); }
void CallContext::set_mask(const Value &result, const Value &mask) const { graph_->setMask(result, mask); }
void CallContext::update(const Variable &variable, const Value &value) const {
  graph_->update(variable, value.dtype() == variable.dtype() ? value : Value(cast(value, variable.dtype())));
}
Value CallContext::seed() const { return graph_->seed(); }
std::int64_t CallContext::stream(std::optional<std::int64_t> layer_seed) const {
  return graph_->nextStream() + (layer_seed ? (*layer_seed & 0xFFFFFFFF) << 20 : 0);
}

Value converted(trace::Graph &graph, const Value &x, DType dtype) {
  if (x.dtype() == dtype)
    return x;
  Value y = cast(x, dtype);
  if (Value mask = graph.mask(x); mask.defined())
    graph.setMask(y, mask);
  return y;
}

Value bind(trace::Graph &graph, const Variable &variable) {
  Value value = graph.read(variable);
  if (graph.callers.empty() || !is_floating(variable.dtype()))
    return value;
  const LayerBase &layer = *graph.callers.back();
  if (is_half(layer.compute_dtype()) && variable.autocast() && variable.dtype() != layer.compute_dtype())
    value = cast(value, layer.compute_dtype());
  return value.dtype() == layer.dtype() ? value : Value(cast(value, layer.dtype()));
}

LayerBase::~LayerBase() = default;

const std::string &LayerBase::name() const {
  const LayerBase &target = self();
  if (target.name_.empty())
    target.name_ = name_.empty() ? unique_name(to_snake_case(python_name())) : name_;
  return target.name_;
}

std::string LayerBase::class_name() const { return registered_name(type()).second; }
std::string LayerBase::package() const { return registered_name(type()).first; }

void LayerBase::init(const std::string &name, bool trainable, const std::string &dtype) {
  name_ = name.empty() ? unique_name(to_snake_case(python_name())) : name;
  trainable_ = trainable;
  dtype_policy_ = dtype.empty() ? "float32" : dtype;
  bool mixed = dtype_policy_.starts_with(mixed_prefix);
  DType named = dtype_from_name(mixed ? dtype_policy_.substr(mixed_prefix.size()) : dtype_policy_);
  // Layers that give integers have weights of floats.
  compute_dtype_ = is_floating(named) ? named : DType::Float32;
  variable_dtype_ = mixed ? DType::Float32 : compute_dtype_;
  dtype_ = is_half(compute_dtype_) ? DType::Float32 : compute_dtype_;
}

void LayerBase::set_trainable(bool trainable) {
  self().trainable_ = trainable;
  for (const Child &child : children())
    child.layer->set_trainable(trainable);
}

std::vector<Variable> LayerBase::weights() const {
  std::vector<Variable> result = own_trainable();
  result.insert(result.end(), own_non_trainable().begin(), own_non_trainable().end());
  for (const Child &child : children())
    for (const Variable &variable : child.layer->weights())
      if (std::none_of(result.begin(), result.end(), [&](const Variable &v) { return v.id() == variable.id(); }))
        result.push_back(variable);
  return result;
}

std::vector<Variable> LayerBase::trainable_weights() const {
  std::vector<Variable> result;
  if (trainable())
    collect_trainable(result);
  return result;
}

void LayerBase::collect_trainable(std::vector<Variable> &result) const {
  if (trainable())
    for (const Variable &variable : own_trainable())
      if (std::none_of(result.begin(), result.end(), [&](const Variable &v) { return v.id() == variable.id(); }))
        result.push_back(variable);
  for (const Child &child : children())
    child.layer->collect_trainable(result);
}

std::vector<Variable> LayerBase::non_trainable_weights() const {
  std::vector<Variable> trained = trainable_weights(), result;
  for (const Variable &variable : weights())
    if (std::none_of(trained.begin(), trained.end(), [&](const Variable &v) { return v.id() == variable.id(); }))
      result.push_back(variable);
  return result;
}

void LayerBase::reset_states() {
  for (const Child &child : children())
    child.layer->reset_states();
}

std::vector<Tensor> LayerBase::get_weights() const {
  std::vector<Tensor> result;
  for (const Variable &variable : weights())
    result.push_back(variable.value().clone());
  return result;
}

void LayerBase::set_weights(const std::vector<Tensor> &values) {
  std::vector<Variable> variables = weights();
  if (variables.size() != values.size())
    throw Error("layer '" + name() + "' has " + std::to_string(variables.size()) + " weights, got " +
                std::to_string(values.size()));
  named(*this, [&] {
    for (std::size_t i = 0; i < values.size(); ++i)
      variables[i].assign(values[i]);
  });
}

std::int64_t LayerBase::count_params() const {
  std::int64_t count = 0;
  for (const Variable &variable : weights())
    count += variable.shape().num_elements();
  return count;
}

Config LayerBase::base_config() const {
  Config config = Config::dict();
  config.set("name", name());
  config.set("trainable", trainable());
  config.set("dtype", Config{{"module", "keras"},
                             {"class_name", "DTypePolicy"},
                             {"config", {{"name", dtype_policy_}}},
                             {"registered_name", nullptr}});
  if (self().activity_regularizer.defined())
    config.set("activity_regularizer", self().activity_regularizer.get_config());
  return config;
}

void LayerBase::load_config(const Config &config) {
  loaded_config_ = config;
  std::string name, dtype = "float32";
  bool trainable = true;
  if (const Config *entry = config.find("name"))
    name = entry->is_string() ? entry->as_string() : throw Error("name: expected a string, got " + brief(*entry));
  if (const Config *entry = config.find("trainable"))
    trainable =
        entry->is_bool() ? entry->as_bool() : throw Error("trainable: expected true or false, got " + brief(*entry));
  if (const Config *entry = config.find("dtype"); entry && !entry->is_null()) {
    if (entry->is_string()) {
      dtype = entry->as_string();
    } else {
      auto [class_name, arguments] = class_and_config(*entry, "dtype");
      const Config *policy = arguments.find("name");
      if (class_name == "QuantizedDTypePolicy")
        throw Error("quantized layers are not supported");
      if (!policy || !policy->is_string())
        throw Error("dtype: expected a policy with a name, got " + brief(*entry));
      dtype = policy->as_string();
    }
  }
  init(name, trainable, dtype);
  if (const Config *entry = config.find("activity_regularizer"); entry && !entry->is_null())
    activity_regularizer = Regularizer::from_config(*entry);
  do_load(config);
}

BuildScope::BuildScope(const LayerBase &layer)
    : again_(!layers_in_building.empty() && layers_in_building.back() == &layer) {
  if (!again_)
    layers_in_building.push_back(&layer);
}

BuildScope::~BuildScope() {
  if (!again_)
    layers_in_building.pop_back();
}

Variable LayerBase::add_weight(const std::string &name, const Shape &shape, Variable::Options options) {
  double elements = 1;
  for (std::int64_t dim : shape) {
    if (dim == none)
      throw Error("weight '" + name + "' needs known sizes, got " + shape.str());
    elements *= static_cast<double>(dim);
  }
  if (elements > 1e13)
    throw Error("weight '" + name + "' would have shape " + shape.str() + ", more than this machine can hold");
  if (options.dtype == DType::Float32)
    options.dtype = variable_dtype_;
  for (const LayerBase *layer : layers_in_building)
    options.path += layer->name() + "/";
  options.path += name;
  Variable variable(name, shape, options);
  share_weight(variable, variable.trainable());
  return variable;
}

void LayerBase::share_weight(const Variable &variable, bool trainable) {
  (trainable ? own_trainable_ : own_non_trainable_).push_back(variable);
}

void LayerBase::add_child(const std::string &path, const std::shared_ptr<LayerBase> &layer) {
  for (const Child &child : children_)
    if (child.layer == layer)
      return;
  children_.push_back({path, layer});
}

void LayerBase::add_children(const std::string &path, const std::vector<std::shared_ptr<LayerBase>> &layers) {
  std::map<std::string, int> counts;
  for (const auto &layer : layers)
    add_child(path + "/" + numbered_name(to_snake_case(layer->python_name()), counts), layer);
}

void LayerBase::ensure_built(const std::vector<Shape> &shapes) {
  if (built_)
    return;
  BuildScope scope(*this);
  named(*this, [&] { do_build(shapes); });
  built_ = true;
}

Values LayerBase::do_compute_mask(const Values &inputs, const Values &masks) {
  return {masks.empty() ? Value() : masks[0]};
}

Values LayerBase::invoke(trace::Graph &graph, const Values &inputs) {
  Config args = Config::List();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    args.push_back(tensor_reference(i));
  return invoke(graph, inputs, args, Config::dict());
}

Values LayerBase::invoke(trace::Graph &graph, const Values &given, const Config &args, const Config &kwargs) {
  trace::Graph::Scope scope(graph, name());
  Values inputs = entering(graph, *this, given);
  CallContext context(graph, *this);
  context.training = graph.training;
  context.kwargs = kwargs;
  context.tensors = inputs;
  Values positional, implicit;
  std::vector<Shape> shapes;
  bool masked = false;
  for (std::size_t index : input_indices(*this, args, kwargs)) {
    const Value &input = inputs.at(index);
    positional.push_back(input);
    shapes.push_back(input.shape());
    implicit.push_back(graph.mask(input));
    masked = masked || implicit.back().defined();
  }
  context.masks = implicit;
  if (const Config *mask = kwargs.find("mask"); mask && !mask->is_null()) {
    std::vector<std::size_t> indices;
    if (mask->is_list()) {
      for (std::size_t i = 0; i < mask->size() && i < context.masks.size(); ++i) {
        const Config *index = (*mask)[i].find("__tensor__");
        context.masks[i] = index ? inputs.at(static_cast<std::size_t>(index->as_int())) : Value();
      }
    } else if (Value mask = context.tensor("mask"); mask.defined() && !context.masks.empty()) {
      context.masks[0] = mask;
    }
  }
  std::vector<std::string> names = input_names();
  for (std::size_t i = 0; i < names.size() && i < context.masks.size(); ++i)
    if (Value mask = context.tensor(names[i] + "_mask"); mask.defined())
      context.masks[i] = mask;
  ensure_built(shapes);
  Values outputs = named(*this, [&] {
    graph.callers.push_back(this);
    Values result = do_call(positional, context);
    graph.callers.pop_back();
    check_sizes(result);
    return leaving(graph, *this, result);
  });
  if (activity_regularizer.defined() && (graph.callers.empty() || graph.callers.back()->regularizes_inner_activity()))
    // A mean over the batch: the strength does not depend on its size.
    for (const Value &output : outputs) {
      Value loss = activity_regularizer(output);
      bool batched = output.shape().rank() > 0;
      graph.losses.push_back(
          batched ? Value(loss / graph.emit("size", std::array{output}, {{"axes", std::vector<std::int64_t>{0}}})[0])
                  : loss);
    }
  if ((supports_masking || computes_mask()) && (masked || makes_mask())) {
    Values masks = do_compute_mask(positional, implicit);
    for (std::size_t i = 0; i < outputs.size() && i < masks.size(); ++i)
      if (masks[i].defined() && !graph.mask(outputs[i]).defined())
        graph.setMask(outputs[i], masks[i]);
  }
  return outputs;
}

Value LayerBase::operator()(const Value &x) { return (*this)(Values{x})[0]; }

Values LayerBase::operator()(const Values &x) {
  if (x.empty())
    throw Error("layer '" + name() + "': a call without inputs");
  std::shared_ptr<LayerBase> layer = shared();
  trace::Graph &graph = x[0].graph();
  if (!graph.callers.empty())
    graph.callers.back()->add_child(to_snake_case(layer->python_name()), layer);
  return layer->invoke(graph, x);
}

KerasTensor LayerBase::operator()(const KerasTensor &x, const CallArguments &arguments) {
  return call_recorded({x}, false, arguments);
}
KerasTensor LayerBase::operator()(const std::vector<KerasTensor> &x, const CallArguments &arguments) {
  return call_recorded(x, true, arguments);
}

KerasTensor LayerBase::call_recorded(std::vector<KerasTensor> inputs, bool list, const CallArguments &arguments) {
  Config args = Config::List(), kwargs = Config::dict(), items = Config::List();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    items.push_back(tensor_reference(i));
  if (!list || !input_names().empty())
    args = items;
  else
    args.push_back(items);
  auto reference = [&](const KerasTensor &tensor) {
    inputs.push_back(tensor);
    return tensor_reference(inputs.size() - 1);
  };
  if (arguments.mask.defined())
    kwargs.set("mask", reference(arguments.mask));
  if (!arguments.initial_state.empty()) {
    Config states = Config::List();
    for (const KerasTensor &state : arguments.initial_state)
      states.push_back(reference(state));
    kwargs.set("initial_state", states);
  }
  if (arguments.attention_mask.defined())
    kwargs.set("attention_mask", reference(arguments.attention_mask));
  if (arguments.use_causal_mask)
    kwargs.set("use_causal_mask", true);
  if (arguments.return_attention_scores)
    kwargs.set("return_attention_scores", true);
  if (arguments.reverse)
    kwargs.set("reverse", true);
  return shared()->record_call(inputs, args, kwargs)[0];
}

std::vector<KerasTensor> LayerBase::record_call(const std::vector<KerasTensor> &inputs, const Config &args,
                                                const Config &kwargs) {
  static std::atomic<std::uint64_t> number{0};
  auto node = std::make_shared<Node>();
  node->layer = shared();
  node->inputs = inputs;
  node->args = args;
  node->kwargs = kwargs;
  node->number = ++number;
  // Tracing on a graph that is thrown away gives the shapes.
  trace::Graph scratch;
  Values values;
  for (const KerasTensor &input : inputs) {
    if (!input.defined())
      throw Error("layer '" + name() + "': an input is missing");
    values.push_back(scratch.addInput("x", input.shape(), input.dtype()));
  }
  for (const Value &output : node->layer->invoke(scratch, values, args, kwargs))
    node->outputs.push_back({output.shape(), output.dtype()});
  std::vector<KerasTensor> outputs;
  for (std::size_t i = 0; i < node->outputs.size(); ++i)
    outputs.emplace_back(node, i);
  return outputs;
}

std::vector<std::shared_ptr<LayerBase>> layers_of(const std::vector<Inner> &list) {
  std::vector<std::shared_ptr<LayerBase>> layers;
  for (const Inner &inner : list)
    layers.push_back(inner.get());
  return layers;
}

const Shape &KerasTensor::shape() const { return node_->outputs.at(index_).shape; }
DType KerasTensor::dtype() const { return node_->outputs.at(index_).dtype; }
LayerBase &KerasTensor::layer() const { return *node_->layer; }

std::vector<KerasTensor> KerasTensor::outputs() const {
  std::vector<KerasTensor> result;
  for (std::size_t i = 0; i < node_->outputs.size(); ++i)
    result.emplace_back(node_, i);
  return result;
}

namespace detail {

void read(const Config &config, bool &value) { value = config.as_bool(); }
void read(const Config &config, std::int64_t &value) {
  if (config.is_number() && !config.is_int() &&
      config.as_double() == static_cast<double>(static_cast<std::int64_t>(config.as_double())) &&
      std::abs(config.as_double()) < 1e15)
    value = static_cast<std::int64_t>(config.as_double());
  else
    value = config.as_int();
}
void read(const Config &config, double &value) { value = config.as_double(); }
void read(const Config &config, std::string &value) { value = config.as_string(); }
void read(const Config &config, std::vector<std::int64_t> &value) {
  value.clear();
  for (const Config &item : config.as_list())
    read(item, value.emplace_back());
}
void read(const Config &config, Sizes &value) {
  value.clear();
  value.same = !config.is_list();
  if (config.is_list())
    read(config, static_cast<std::vector<std::int64_t> &>(value));
  else
    read(config, value.emplace_back());
}
void read(const Config &config, Axes &value) {
  if (config.is_null()) {
    value = Axes();
  } else if (config.is_int()) {
    value = config.as_int();
  } else {
    std::vector<std::int64_t> axes;
    read(config, axes);
    value = axes;
  }
}

} // namespace detail
} // namespace lamina
