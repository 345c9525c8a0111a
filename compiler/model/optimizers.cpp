#include "lamina/optimizers.h"

#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/ops.h"

#include <cmath>
#include <functional>
#include <map>

namespace lamina {

struct Optimizer::Step {
  const Config &config;
  Value weight, gradient, learning_rate, step; ///< step: this step's number from 1, in the weight's type
  std::map<std::string, Value> before, after;  ///< the state by slot name
  std::map<std::string, Value> shared;         ///< what all weights share: scalars set by `prepare`

  double number(const char *key) const { return config[key].as_double(); }
  bool flag(const char *key) const { return config[key].as_bool(); }
  Value slot(const std::string &name) const { return after.count(name) ? after.at(name) : before.at(name); }
};

namespace {

using Step = Optimizer::Step;

/// One optimizer. Slots stand in groups: the slots of a group alternate from weight to weight in files.
struct Rule {
  const char *class_name;
  const char *name;
  Config arguments; ///< own ones, with their defaults, learning_rate and weight_decay among them if they differ from the common ones
  std::vector<std::vector<std::string>> (*slots)(const Config &);
  /// Sets step.after and returns the new weight.
  Value (*update)(Step &);
  double initial = 0.0;
};

std::vector<std::vector<std::string>> adam_slots(const Config &c) {
  std::vector<std::vector<std::string>> groups{{"momentum", "velocity"}};
  if (c["amsgrad"].as_bool())
    groups.push_back({"velocity_hat"});
  return groups;
}

Value adam_update(Step &s) {
  double b1 = s.number("beta_1"), b2 = s.number("beta_2");
  const Value &g = s.gradient;
  // α = lr √(1 - β₂ᵗ) / (1 - β₁ᵗ)
  Value alpha = s.learning_rate * sqrt(1.0 - power(constant(g.graph(), b2, g.dtype()), s.step)) / (1.0 - power(constant(g.graph(), b1, g.dtype()), s.step));
  Value m = s.slot("momentum"), v = s.slot("velocity");
  m = m + (g - m) * (1.0 - b1);
  v = v + (square(g) - v) * (1.0 - b2);
  s.after["momentum"] = m;
  s.after["velocity"] = v;
  if (s.flag("amsgrad"))
    s.after["velocity_hat"] = v = maximum(s.slot("velocity_hat"), v);
  return s.weight - (m * alpha) / (sqrt(v) + s.number("epsilon"));
}

const std::vector<Rule> &rules() {
  static const std::vector<Rule> table{
      {"SGD", "sgd", {{"learning_rate", 0.01}, {"momentum", 0.0}, {"nesterov", false}},
       [](const Config &c) { return c["momentum"].as_double() != 0.0 ? std::vector<std::vector<std::string>>{{"momentum"}} : std::vector<std::vector<std::string>>(); },
       [](Step &s) -> Value {
         double momentum = s.number("momentum");
         Value change = s.gradient * s.learning_rate;
         if (momentum == 0.0)
           return s.weight - change;
         Value m = s.slot("momentum") * momentum - change;
         s.after["momentum"] = m;
         return s.flag("nesterov") ? Value(s.weight + (m * momentum - change)) : Value(s.weight + m);
       }},
      {"Adam", "adam", {{"learning_rate", 0.001}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", false}}, adam_slots, adam_update},
      {"AdamW", "adamw",
       {{"learning_rate", 0.001}, {"weight_decay", 0.004}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", false}}, adam_slots, adam_update},
  };
  return table;
}

Config common_arguments() {
  return {{"learning_rate", 0.001},   {"weight_decay", nullptr},        {"clipnorm", nullptr},          {"global_clipnorm", nullptr},
          {"clipvalue", nullptr},     {"use_ema", false},               {"ema_momentum", 0.99},         {"ema_overwrite_frequency", nullptr},
          {"loss_scale_factor", nullptr}, {"gradient_accumulation_steps", nullptr}};
}

std::optional<double> setting(const Config &config, const char *key) {
  const Config *entry = config.find(key);
  if (!entry || !entry->is_number() || entry->as_double() <= 0)
    return {};
  return entry->as_double();
}

Values clipped(Values gradients, const Config &config) {
  if (auto limit = setting(config, "clipnorm")) {
    for (Value &g : gradients) {
      Value norm = sqrt(sum(square(g)));
      g = g * (*limit / maximum(norm, *limit));
    }
  } else if (auto total = setting(config, "global_clipnorm")) {
    Value squares;
    for (const Value &g : gradients)
      squares = squares.defined() ? Value(squares + sum(square(g))) : Value(sum(square(g)));
    if (squares.defined()) {
      Value norm = sqrt(squares);
      Value scale = *total * minimum(1.0 / norm, 1.0 / *total) + (norm - norm);
      for (Value &g : gradients)
        g = g * scale;
    }
  } else if (auto bound = setting(config, "clipvalue")) {
    for (Value &g : gradients)
      g = clip(g, -*bound, *bound);
  }
  return gradients;
}

} // namespace

struct Optimizer::State {
  const Rule *rule = nullptr;
  Config config; ///< name, common and own arguments
  Variable iterations, learning_rate;
  bool built = false;
  std::vector<Variable> slots; ///< in the order of files
  std::vector<std::map<std::string, Variable>> by_weight;
  std::vector<const void *> weights;
};

Optimizer::Optimizer(const std::string &name, const Config &arguments) : state_(std::make_shared<State>()) {
  std::vector<std::string> known;
  for (const Rule &rule : rules()) {
    known.push_back(rule.name);
    if (name == rule.name || name == rule.class_name)
      state_->rule = &rule;
  }
  if (!state_->rule)
    throw unknown("optimizer", name, known);
  Config config{{"name", state_->rule->name}};
  const Config common = common_arguments();
  for (const auto &[key, value] : common.as_dict())
    config.set(key, value);
  for (const auto &[key, value] : state_->rule->arguments.as_dict())
    config.set(key, value);
  for (const auto &[key, value] : arguments.as_dict()) {
    const Config *entry = config.find(key);
    if (!entry) {
      std::string list;
      for (const auto &[argument, standard] : config.as_dict())
        list += (list.empty() ? "" : ", ") + argument;
      throw Error("optimizer " + name + " has no argument '" + key + "'; it has " + list);
    }
    bool fits = key == "name" ? value.is_string() : entry->is_bool() ? value.is_bool() : value.is_number() || value.is_null();
    if (!fits)
      throw Error("optimizer " + name + ": " + key + " must be " + (entry->is_bool() ? "true or false" : "a number") + ", got " + value.str().substr(0, 60));
    config.set(key, value);
  }
  if (!config["learning_rate"].is_number())
    throw Error("optimizer " + name + ": learning_rate must be a number, got " + config["learning_rate"].str());
  for (const char *key : {"use_ema"})
    if (config[key].as_bool())
      throw Error("optimizer " + name + ": " + key + " is not supported");
  for (const char *key : {"loss_scale_factor", "gradient_accumulation_steps"})
    if (!config[key].is_null())
      throw Error("optimizer " + name + ": " + key + " is not supported");
  state_->config = config;
  state_->iterations = Variable("iteration", {}, {.initializer = "zeros", .trainable = false, .dtype = DType::Int32});
  state_->learning_rate = Variable("learning_rate", {}, {.initializer = initializers::constant(config["learning_rate"].as_double()), .trainable = false});
}

Optimizer Optimizer::from_config(const Config &config) {
  auto [name, arguments] = class_and_config(config, "optimizer");
  return Optimizer(name, arguments);
}

Optimizer make_optimizer(const std::string &name, const Config &arguments) { return Optimizer(name, arguments); }

const std::string &Optimizer::class_name() const {
  static std::map<const Rule *, std::string> names;
  auto [place, added] = names.try_emplace(state_->rule, state_->rule->class_name);
  return place->second;
}

Config Optimizer::get_config() const {
  Config config = state_->config;
  config.set("learning_rate", learning_rate());
  return config;
}

double Optimizer::learning_rate() const { return static_cast<double>(state_->learning_rate.value().item<float>()); }
void Optimizer::set_learning_rate(double learning_rate) const { state_->learning_rate.assign(Tensor::scalar(learning_rate)); }
std::int64_t Optimizer::iterations() const { return state_->iterations.value().item<std::int64_t>(); }
bool Optimizer::built() const { return state_->built; }

void Optimizer::build(const std::vector<Variable> &weights) const {
  std::vector<const void *> ids;
  for (const Variable &weight : weights)
    ids.push_back(weight.id());
  if (state_->built && ids == state_->weights)
    return;
  state_->built = true;
  state_->weights = ids;
  state_->slots.clear();
  state_->by_weight.assign(weights.size(), {});
  for (const std::vector<std::string> &group : state_->rule->slots(state_->config))
    for (std::size_t i = 0; i < weights.size(); ++i)
      for (const std::string &slot : group) {
        Variable variable(weights[i].name() + "_" + slot, weights[i].shape(),
                          {.initializer = initializers::constant(state_->rule->initial), .trainable = false, .dtype = weights[i].dtype()});
        state_->slots.push_back(variable);
        state_->by_weight[i][slot] = variable;
      }
}

std::vector<Variable> Optimizer::variables() const {
  std::vector<Variable> result{state_->iterations, state_->learning_rate};
  result.insert(result.end(), state_->slots.begin(), state_->slots.end());
  return result;
}

void Optimizer::apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) const {
  build(weights);
  Value iteration = graph.read(state_->iterations), rate = graph.read(state_->learning_rate);
  Values used = clipped(gradients, state_->config);
  std::optional<double> decay = setting(state_->config, "weight_decay");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Variable &variable = weights[i];
    Value weight = graph.read(variable);
    DType dtype = weight.dtype();
    Step step{state_->config, weight, cast(used[i], dtype), cast(rate, dtype), cast(iteration + 1, dtype), {}, {}, {}};
    if (decay)
      step.weight = weight - weight * (*decay * step.learning_rate);
    for (const auto &[name, slot] : state_->by_weight[i])
      step.before[name] = graph.read(slot);
    Value updated = state_->rule->update(step);
    for (const auto &[name, value] : step.after)
      graph.update(state_->by_weight[i].at(name), value);
    graph.update(variable, variable.constraint().defined() ? variable.constraint()(updated) : updated);
  }
  graph.update(state_->iterations, iteration + 1);
}

} // namespace lamina
