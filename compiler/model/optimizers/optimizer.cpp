#include "lamina/optimizers.h"

#include "compiler/model/optimizers/rules.h"
#include "compiler/model/optimizers/state.h"
#include "compiler/model/registry.h"
#include "lamina/ops.h"

namespace lamina {

std::optional<double> positive_setting(const Config &config, const char *key) {
  const Config *entry = config.find(key);
  if (!entry || !entry->is_number() || entry->as_double() <= 0)
    return {};
  return entry->as_double();
}

Optimizer::State::State(std::string class_name, Config arguments)
    : class_name(std::move(class_name)), config(std::move(arguments)),
      iterations("iteration", {}, {.initializer = "zeros", .trainable = false, .dtype = DType::Int32}) {
  const Config *initial = config.find("learning_rate");
  if (!initial || initial->is_number())
    rate = Variable("learning_rate", {},
                    {.initializer = initializers::constant(initial ? initial->as_double() : 0.0), .trainable = false});
}

Config Optimizer::State::get_config() const {
  Config current = config;
  if (!scheduled())
    current.set("learning_rate", learning_rate());
  return current;
}

double Optimizer::State::learning_rate() const {
  if (scheduled())
    throw Error("optimizer " + class_name + " has a learning rate schedule; its rate changes in every step");
  return static_cast<double>(rate.value().item<float>());
}

void Optimizer::State::set_learning_rate(double value) const {
  if (scheduled())
    throw Error("optimizer " + class_name + " has a learning rate schedule; make one with a number to set it");
  rate.assign(Tensor::scalar(value));
}

std::int64_t Optimizer::State::counted_steps() const { return iterations.value().item<std::int64_t>(); }

std::optional<double> Optimizer::State::loss_scale() const { return positive_setting(config, "loss_scale_factor"); }

Value Optimizer::State::scaled(trace::Graph &, const Value &loss) const {
  std::optional<double> factor = loss_scale();
  return factor ? Value(loss * *factor) : loss;
}

Variable Optimizer::State::add(const std::string &name, const Shape &shape, DType dtype, double initial) {
  return variables.emplace_back(
      name, shape,
      Variable::Options{.initializer = initializers::constant(initial), .trainable = false, .dtype = dtype});
}

bool Optimizer::State::built_for(const std::vector<Variable> &weights) {
  std::vector<const void *> ids;
  for (const Variable &weight : weights)
    ids.push_back(weight.id());
  if (built && ids == ids_)
    return true;
  built = true;
  ids_ = ids;
  variables.clear();
  return false;
}

const std::vector<OptimizerWrapper> &optimizer_wrappers() {
  static const std::vector<OptimizerWrapper> wrappers{loss_scale_wrapper, multi_wrapper};
  return wrappers;
}

Optimizer::Optimizer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Optimizer::Optimizer(const std::string &name, const Config &arguments) {
  for (const OptimizerWrapper &wrapper : optimizer_wrappers())
    if (name == wrapper.class_name || name == wrapper.name)
      state_ = wrapper.make(arguments);
  if (!state_)
    state_ = rule_optimizer(name, arguments);
}

Optimizer Optimizer::from_config(const Config &config) {
  auto [name, arguments] = class_and_config(config, "optimizer");
  return Optimizer(name, arguments);
}

Optimizer make_optimizer(const std::string &name, const Config &arguments) { return Optimizer(name, arguments); }

const std::string &Optimizer::class_name() const { return state_->class_name; }
Config Optimizer::get_config() const { return state_->get_config(); }
double Optimizer::learning_rate() const { return state_->learning_rate(); }
void Optimizer::set_learning_rate(double learning_rate) const { state_->set_learning_rate(learning_rate); }
std::int64_t Optimizer::iterations() const { return state_->counted_steps(); }
std::vector<std::pair<std::string, Optimizer>> Optimizer::inner() const { return state_->inner(); }
void Optimizer::build(const std::vector<Variable> &weights) const { state_->build(weights); }
bool Optimizer::built() const { return state_->built; }

std::vector<Variable> Optimizer::variables() const {
  std::vector<Variable> result{state_->iterations};
  if (state_->rate)
    result.push_back(state_->rate);
  result.insert(result.end(), state_->variables.begin(), state_->variables.end());
  for (const auto &[place, optimizer] : inner()) {
    std::vector<Variable> more = optimizer.variables();
    result.insert(result.end(), more.begin(), more.end());
  }
  return result;
}

Value Optimizer::scaled(trace::Graph &graph, const Value &loss) const { return state_->scaled(graph, loss); }

void Optimizer::apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) const {
  state_->build(weights);
  state_->apply(graph, weights, gradients);
}

void Optimizer::finalize(const std::vector<Variable> &weights) const {
  if (state_->built)
    state_->finalize(weights);
}

std::vector<KnownClass> known_optimizers() {
  std::vector<KnownClass> classes;
  for (const OptimizerRule &rule : optimizer_rules())
    classes.push_back({rule.class_name, keys_of(Optimizer(rule.name).get_config())});
  for (const OptimizerWrapper &wrapper : optimizer_wrappers())
    classes.push_back({wrapper.class_name, keys_of(wrapper.around("sgd").get_config())});
  return classes;
}

} // namespace lamina
