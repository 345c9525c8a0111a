#include "compiler/model/model_state.h"

#include "compiler/trace/Graph.h"
#include "lamina/error.h"

#include <cstring>
#include <iostream>

namespace lamina {
namespace {

Config structure_of(std::size_t count, bool list) {
  if (!list)
    return tensor_reference(0);
  Config result = Config::List();
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(tensor_reference(i));
  return result;
}

std::shared_ptr<Network> functional(const std::vector<KerasTensor> &inputs, bool input_list,
                                    const std::vector<KerasTensor> &outputs, bool output_list,
                                    const ModelOptions &options) {
  for (const KerasTensor &tensor : inputs)
    if (!tensor.defined())
      throw Error("Model: an input is missing");
  for (const KerasTensor &tensor : outputs)
    if (!tensor.defined())
      throw Error("Model: an output is missing");
  return std::make_shared<Network>(options.name, inputs, outputs, structure_of(inputs.size(), input_list),
                                   structure_of(outputs.size(), output_list));
}

} // namespace

KerasTensor Input(const Shape &shape, const InputOptions &options) {
  Shape batched{none};
  return BatchInput(batched.concat(shape), options);
}

KerasTensor BatchInput(const Shape &batch_shape, const InputOptions &options) {
  return std::make_shared<InputLayer>(batch_shape, options.dtype, options.name)->output();
}

const std::vector<double> &History::operator[](const std::string &name) const {
  for (const auto &[key, values] : history)
    if (key == name)
      return values;
  throw Error("the history has no entry '" + name + "'");
}

Program &Model::State::program(std::string key, bool profile, const std::function<trace::Graph()> &make) {
  if (profile)
    key += " profile";
  std::unique_ptr<Program> &place = programs[key];
  if (!place) {
    place = std::make_unique<Program>(make(), profile);
    ++compilations;
  }
  return *place;
}

const Network &Model::State::graph() const {
  if (!network->has_graph())
    throw Error("model '" + network->name() + "' has no input shape yet: begin it with an Input, or call it on data");
  return *network;
}

std::vector<Tensor> Model::State::checked_inputs(const std::vector<Tensor> &x) const {
  const std::vector<KerasTensor> &inputs = graph().inputs();
  if (x.size() != inputs.size())
    throw Error("model '" + network->name() + "' takes " + std::to_string(inputs.size()) + " inputs, got " +
                std::to_string(x.size()));
  std::vector<Tensor> result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Shape &want = inputs[i].shape();
    if (!x[i].defined())
      throw Error("input '" + inputs[i].layer().name() + "' holds no array");
    Shape got = x[i].shape();
    Tensor tensor = x[i];
    // A column of numbers may come as a vector.
    if (got.rank() + 1 == want.rank() && want.back() == 1)
      tensor = tensor.reshape(got.concat({1}));
    got = tensor.shape();
    bool fits = got.rank() == want.rank();
    for (std::size_t axis = 0; fits && axis < want.rank(); ++axis) {
      std::int64_t size = want[static_cast<std::int64_t>(axis)];
      fits = size == none || size == got[static_cast<std::int64_t>(axis)];
    }
    if (!fits)
      throw Error("input '" + inputs[i].layer().name() + "' expects shape " + want.str() + ", got " +
                  x[i].shape().str());
    result.push_back(tensor.astype(inputs[i].dtype()));
  }
  return result;
}

Values traced_outputs(trace::Graph &graph, const Network &network, Values &inputs) {
  for (std::size_t i = 0; i < network.inputs().size(); ++i)
    inputs.push_back(
        graph.addInput(network.inputs()[i].layer().name(), network.inputs()[i].shape(), network.inputs()[i].dtype()));
  auto &layer = const_cast<Network &>(network);
  return static_cast<LayerBase &>(layer).invoke(graph, inputs);
}

trace::Graph traced_run(const Network &network, bool training) {
  trace::Graph graph;
  graph.training = training;
  Values inputs;
  Values outputs = traced_outputs(graph, network, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    graph.addResult("output_" + std::to_string(i), outputs[i]);
  return graph;
}

trace::Graph traced_gradients(const Network &network, bool training) {
  trace::Graph graph;
  graph.training = training;
  Values inputs;
  Values results = traced_outputs(graph, network, inputs), losses, factors, wrt;
  for (std::size_t i = 0; i < results.size(); ++i) {
    Value cotangent = graph.addInput("cotangent_" + std::to_string(i), results[i].shape(), results[i].dtype());
    if (!is_floating(results[i].dtype()))
      continue;
    losses.push_back(results[i]);
    factors.push_back(cotangent);
  }
  if (Value penalty = regularization_losses(graph, network); penalty.defined()) {
    losses.push_back(penalty);
    factors.push_back(Value());
  }
  for (const Value &input : inputs)
    if (is_floating(input.dtype()))
      wrt.push_back(input);
  for (const Variable &weight : network.trainable_weights())
    wrt.push_back(graph.argument(weight));
  if (losses.empty())
    throw Error("model '" + network.name() + "' has no floating-point output and no loss to take derivatives of");
  if (!wrt.empty()) {
    Values gradients = graph.gradient(losses, factors, wrt);
    for (std::size_t i = 0; i < gradients.size(); ++i)
      graph.addResult("gradient_" + std::to_string(i), gradients[i]);
  }
  // Derivatives are asked for, not a step: what the layers would update stays as it is.
  graph.dropUpdates();
  return graph;
}

Value regularization_losses(trace::Graph &graph, const Network &network) {
  Value total;
  auto add = [&](const Value &loss) { total = total.defined() ? Value(total + loss) : loss; };
  for (const Value &loss : graph.losses)
    add(loss.rank() ? Value(sum(loss)) : loss);
  for (const Variable &weight : network.trainable_weights())
    if (weight.regularizer().defined())
      add(weight.regularizer()(graph.read(weight)));
  return total;
}

Model::Model(const KerasTensor &input, const KerasTensor &output, const Options &options)
    : Model(functional({input}, false, {output}, false, options)) {}
Model::Model(const std::vector<KerasTensor> &inputs, const KerasTensor &output, const Options &options)
    : Model(functional(inputs, true, {output}, false, options)) {}
Model::Model(const KerasTensor &input, const std::vector<KerasTensor> &outputs, const Options &options)
    : Model(functional({input}, false, outputs, true, options)) {}
Model::Model(const std::vector<KerasTensor> &inputs, const std::vector<KerasTensor> &outputs, const Options &options)
    : Model(functional(inputs, true, outputs, true, options)) {}
Model::Model(std::shared_ptr<Network> network) : state_(std::make_shared<State>()) {
  state_->network = std::move(network);
}

const std::string &Model::name() const { return state_->network->name(); }
std::vector<KerasTensor> Model::inputs() const { return state_->graph().inputs(); }
std::vector<KerasTensor> Model::outputs() const { return state_->graph().outputs(); }
std::vector<std::shared_ptr<LayerBase>> Model::layers() const { return state_->network->layers(); }
std::shared_ptr<LayerBase> Model::layer() const { return state_->network; }
std::shared_ptr<Network> Model::network() const { return state_->network; }

std::shared_ptr<LayerBase> Model::get_layer(const std::string &name) const {
  for (const auto &layer : state_->network->layers())
    if (layer->name() == name)
      return layer;
  throw Error("model '" + this->name() + "' has no layer '" + name + "'");
}

KerasTensor Model::operator()(const KerasTensor &x) const { return (*layer())(x); }
KerasTensor Model::operator()(const std::vector<KerasTensor> &x) const { return (*layer())(x); }

std::vector<Variable> Model::weights() const { return state_->network->weights(); }
std::vector<Variable> Model::trainable_weights() const { return state_->network->trainable_weights(); }
std::vector<std::pair<std::string, Variable>> Model::weight_paths() const {
  return lamina::weight_paths(*state_->network);
}
std::int64_t Model::count_params() const { return state_->network->count_params(); }
void Model::set_trainable(bool trainable) const {
  state_->network->set_trainable(trainable);
  state_->programs.clear();
}

void Model::summary() const { summary(std::cout); }
void Model::summary(std::ostream &stream) const { stream << summary_text(*state_->network, optimizer()); }
Config Model::get_config() const { return state_->network->serialized_config(); }
std::int64_t Model::compilations() const { return state_->compilations; }
const Optimizer *Model::optimizer() const { return state_->compiled ? &state_->compiled->optimizer : nullptr; }

std::vector<Tensor> Model::run(const std::vector<Tensor> &x, const RunArguments &arguments) const {
  std::vector<Tensor> inputs = state_->checked_inputs(x);
  const Network &network = state_->graph();
  Program &program = state_->program(arguments.training ? "run training" : "run", arguments.profile,
                                     [&] { return traced_run(network, arguments.training); });
  std::vector<Tensor> results =
      program.run(inputs, arguments.seed, {.threads = arguments.threads, .profile = arguments.profile});
  for (std::size_t i = 0; i < results.size(); ++i)
    for (const Tensor &input : inputs)
      if (results[i].raw() == input.raw() && input.numel())
        results[i] = results[i].clone();
  return results;
}

Tensor Model::predict(const Tensor &x, const PredictArguments &arguments) const {
  std::vector<Tensor> results = predict(std::vector{x}, arguments);
  if (results.size() != 1)
    throw Error("model '" + name() + "' has " + std::to_string(results.size()) + " outputs; give predict a vector");
  return results[0];
}

std::vector<Tensor> Model::predict(const std::vector<Tensor> &x, const PredictArguments &arguments) const {
  if (arguments.batch_size <= 0)
    throw Error("predict: batch_size must be positive, got " + std::to_string(arguments.batch_size));
  if (!state_->network->has_graph() && x.size() == 1 && x[0].rank()) {
    Shape shape = x[0].shape();
    shape[0] = none;
    state_->network->build_sequential(shape, x[0].dtype());
  }
  std::vector<Tensor> inputs = state_->checked_inputs(x);
  std::int64_t rows = inputs.empty() || inputs[0].rank() == 0 ? 1 : inputs[0].shape().front();
  if (rows <= arguments.batch_size)
    return run(inputs, {.threads = arguments.threads});
  std::vector<Tensor> whole;
  for (std::int64_t first = 0; first < rows; first += arguments.batch_size) {
    std::int64_t last = std::min(rows, first + arguments.batch_size);
    std::vector<Tensor> batch;
    for (const Tensor &input : inputs)
      batch.push_back(input.slice(first, last));
    std::vector<Tensor> results = run(batch, {.threads = arguments.threads});
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (first == 0) {
        Shape shape = results[i].shape();
        shape[0] = rows;
        whole.emplace_back(shape, results[i].dtype(), Tensor::Fill::None);
      }
      whole[i].slice(first, last).copy_from(results[i]);
    }
  }
  return whole;
}

Gradients Model::gradients(const std::vector<Tensor> &x, const std::vector<Tensor> &cotangents,
                           const RunArguments &arguments) const {
  std::vector<Tensor> inputs = state_->checked_inputs(x);
  const Network &network = state_->graph();
  std::vector<KerasTensor> outputs = network.outputs();
  if (cotangents.size() != outputs.size())
    throw Error("model '" + name() + "' has " + std::to_string(outputs.size()) + " outputs, got " +
                std::to_string(cotangents.size()) + " cotangents");
  Program &program = state_->program(arguments.training ? "gradients training" : "gradients", arguments.profile,
                                     [&] { return traced_gradients(network, arguments.training); });
  for (std::size_t i = 0; i < cotangents.size(); ++i)
    inputs.push_back(cotangents[i].astype(outputs[i].dtype()));
  std::vector<Tensor> results =
      program.run(inputs, arguments.seed, {.threads = arguments.threads, .profile = arguments.profile});
  Gradients gradients;
  gradients.inputs.resize(x.size());
  auto result = results.begin();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (is_floating(inputs[i].dtype()))
      gradients.inputs[i] = *result++;
  gradients.weights.assign(result, results.end());
  return gradients;
}

void Model::reset_states() const {
  for (const auto &layer : state_->network->layers())
    layer->reset_states();
}

SequentialItem::SequentialItem(const KerasTensor &input) : layer_(input.node()->layer) {}

Sequential::Sequential(const std::vector<SequentialItem> &layers, const Options &options)
    : Model(std::make_shared<Network>(options.name, [&] {
        std::vector<std::shared_ptr<LayerBase>> list;
        for (const SequentialItem &item : layers)
          list.push_back(item.layer());
        return list;
      }())) {}

void Sequential::add(const SequentialItem &layer) const { network()->add(layer.layer()); }

Tensor LayerBase::operator()(const Tensor &x, bool training) {
  std::shared_ptr<LayerBase> layer = shared();
  Shape shape = x.shape();
  if (shape.rank())
    shape[0] = none;
  auto input = std::make_shared<InputLayer>(shape, x.dtype(), "input");
  KerasTensor edge = input->output();
  std::vector<KerasTensor> outputs = layer->record_call({edge}, Config::list({tensor_reference(0)}), Config::dict());
  return Model(edge, outputs[0]).run({x}, {.training = training})[0];
}

} // namespace lamina
