#include "lamina/optimizers.h"

#include <functional>
#include <map>
#include <optional>

#include "compiler/model/learning_rate_schedules.h"
#include "compiler/model/optimizer_rules.h"
#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/ops.h"

namespace lamina {
namespace {

Config common_arguments() {
  return {{"learning_rate", 0.001},       {"weight_decay", nullptr},
          {"clipnorm", nullptr},          {"global_clipnorm", nullptr},
          {"clipvalue", nullptr},         {"use_ema", false},
          {"ema_momentum", 0.99},         {"ema_overwrite_frequency", nullptr},
          {"loss_scale_factor", nullptr}, {"gradient_accumulation_steps", nullptr}};
}

std::optional<double> setting(const Config &config, const char *key) {
  const Config *entry = config.find(key);
  if (!entry || !entry->is_number() || entry->as_double() <= 0)
    return {};
  return entry->as_double();
}

std::optional<std::int64_t> whole(const Config &config, const char *key) {
  std::optional<double> value = setting(config, key);
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

Values clipped(Values gradients, const Config &config) {
  if (auto limit = setting(config, "clipnorm")) {
    for (Value &g : gradients)
      g = g * *limit / maximum(sqrt(sum(square(g))), *limit);
  } else if (auto total = setting(config, "global_clipnorm")) {
    Value squares;
    for (const Value &g : gradients)
      squares = squares.defined() ? Value(squares + sum(square(g))) : Value(sum(square(g)));
    if (squares.defined()) {
      Value norm = sqrt(squares);
      // A norm that is not finite makes every gradient NaN.
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

bool fits(const Config &standard, const std::string &key, const Config &value) {
  if (key == "name")
    return value.is_string();
  if (standard.is_bool())
    return value.is_bool();
  if (standard.is_list())
    return value.is_list() || value.is_null();
  return value.is_number() || value.is_null() || (key == "learning_rate" && value.is_dict());
}

const char *wanted(const Config &standard) {
  return standard.is_bool() ? "true or false" : standard.is_list() ? "a list" : "a number";
}

void check(const std::string &name, const Config &config) {
  int clips = 0;
  for (const char *key : {"clipnorm", "global_clipnorm", "clipvalue"})
    clips += !config[key].is_null();
  if (clips > 1)
    throw Error("optimizer " + name + ": only one of clipnorm, global_clipnorm and clipvalue can be given");
  if (const Config &steps = config["gradient_accumulation_steps"];
      !steps.is_null() && (!steps.is_int() || steps.as_int() < 2))
    throw Error("optimizer " + name + ": gradient_accumulation_steps must be a whole number of at least 2, got " +
                steps.str());
  if (config["use_ema"].as_bool()) {
    if (double momentum = config["ema_momentum"].as_double(); !(momentum >= 0 && momentum <= 1))
      throw Error("optimizer " + name + ": ema_momentum must be in [0, 1], got " + config["ema_momentum"].str());
    if (const Config &frequency = config["ema_overwrite_frequency"];
        !frequency.is_null() && (!frequency.is_int() || frequency.as_int() < 1))
      throw Error("optimizer " + name + ": ema_overwrite_frequency must be a positive whole number, got " +
                  frequency.str());
  }
}

} // namespace

struct Optimizer::State {
  /// What belongs to one weight.
  struct Weight {
    std::map<std::string, Variable> slots;
    Variable average, accumulator;
  };

  const OptimizerRule *rule = nullptr;
  std::string class_name;
  Config config; ///< name, common and own arguments
  Variable iterations, learning_rate;
  bool built = false;
  std::vector<Variable> variables; ///< behind the learning rate, in the order of files
  std::vector<Weight> weights;
  std::map<std::string, Variable> common;
  std::vector<const void *> ids;

  bool scheduled() const { return config["learning_rate"].is_dict(); }
  Variable add(const std::string &name, const Shape &shape, DType dtype, double initial) {
    return variables.emplace_back(
        name, shape,
        Variable::Options{.initializer = initializers::constant(initial), .trainable = false, .dtype = dtype});
  }
};

Optimizer::Optimizer(const std::string &name, const Config &arguments) : state_(std::make_shared<State>()) {
  std::vector<std::string> known;
  for (const OptimizerRule &rule : optimizer_rules()) {
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
    if (!fits(*entry, key, value))
      throw Error("optimizer " + name + ": " + key + " must be " + wanted(*entry) + ", got " +
                  value.str().substr(0, 60));
    config.set(key, value);
  }
  for (const auto &[key, value] : state_->rule->arguments.as_dict())
    if (value.is_number() && key != "learning_rate" && key != "weight_decay" && key != "adam_weight_decay" &&
        key != "rms_rate" && !config[key].is_number())
      throw Error("optimizer " + name + ": " + key + " must be a number, got " + config[key].str());
  if (config["learning_rate"].is_dict())
    config.set("learning_rate", complete_schedule(config["learning_rate"]));
  else if (!config["learning_rate"].is_number())
    throw Error("optimizer " + name + ": learning_rate must be a number, got " + config["learning_rate"].str());
  check(name, config);
  if (state_->rule->check)
    state_->rule->check(config);
  state_->config = config;
  state_->class_name = state_->rule->class_name;
  state_->iterations = Variable("iteration", {}, {.initializer = "zeros", .trainable = false, .dtype = DType::Int32});
  if (!state_->scheduled())
    state_->learning_rate =
        Variable("learning_rate", {},
                 {.initializer = initializers::constant(config["learning_rate"].as_double()), .trainable = false});
}

Optimizer Optimizer::from_config(const Config &config) {
  auto [name, arguments] = class_and_config(config, "optimizer");
  return Optimizer(name, arguments);
}

Optimizer make_optimizer(const std::string &name, const Config &arguments) { return Optimizer(name, arguments); }

const std::string &Optimizer::class_name() const { return state_->class_name; }

Config Optimizer::get_config() const {
  Config config = state_->config;
  if (!state_->scheduled())
    config.set("learning_rate", learning_rate());
  return config;
}

double Optimizer::learning_rate() const {
  if (state_->scheduled())
    throw Error("optimizer " + state_->class_name + " has a learning rate schedule; its rate changes in every step");
  return static_cast<double>(state_->learning_rate.value().item<float>());
}

void Optimizer::set_learning_rate(double learning_rate) const {
  if (state_->scheduled())
    throw Error("optimizer " + state_->class_name + " has a learning rate schedule; make one with a number to set it");
  state_->learning_rate.assign(Tensor::scalar(learning_rate));
}

std::int64_t Optimizer::iterations() const { return state_->iterations.value().item<std::int64_t>(); }
bool Optimizer::built() const { return state_->built; }

void Optimizer::build(const std::vector<Variable> &weights) const {
  State &state = *state_;
  std::vector<const void *> ids;
  for (const Variable &weight : weights)
    ids.push_back(weight.id());
  if (state.built && ids == state.ids)
    return;
  state.built = true;
  state.ids = ids;
  state.variables.clear();
  state.common.clear();
  state.weights.assign(weights.size(), {});
  auto for_each_weight = [&](auto &&body) {
    for (std::size_t i = 0; i < weights.size(); ++i)
      body(weights[i], state.weights[i]);
  };
  if (state.config["use_ema"].as_bool())
    for_each_weight([&](const Variable &weight, State::Weight &own) {
      own.average = state.add(weight.name() + "_average", weight.shape(), weight.dtype(), 0.0);
    });
  if (whole(state.config, "gradient_accumulation_steps"))
    for_each_weight([&](const Variable &weight, State::Weight &own) {
      own.accumulator = state.add(weight.name() + "_gradient_accumulator", weight.shape(), weight.dtype(), 0.0);
    });
  std::vector<std::vector<OptimizerRule::Slots>> slots;
  std::size_t groups = 0;
  for (const Variable &weight : weights) {
    slots.push_back(state.rule->slots(state.config, weight.name(), weight.shape()));
    groups = std::max(groups, slots.back().size());
  }
  for (std::size_t group = 0; group < groups; ++group)
    for (std::size_t i = 0; i < weights.size(); ++i)
      for (const OptimizerSlot &slot : slots[i][group]) {
        Variable variable =
            state.add(weights[i].name() + "_" + slot.name, slot.shape, weights[i].dtype(), slot.initial);
        if (slot.copies_weight)
          variable.assign(weights[i].value());
        state.weights[i].slots[slot.name] = variable;
      }
  for (const auto &[name, initial] : state.rule->common)
    state.common[name] = state.add(name, {}, weights.empty() ? DType::Float32 : weights[0].dtype(), initial);
}

std::vector<Variable> Optimizer::variables() const {
  std::vector<Variable> result{state_->iterations};
  if (!state_->scheduled())
    result.push_back(state_->learning_rate);
  result.insert(result.end(), state_->variables.begin(), state_->variables.end());
  return result;
}

void Optimizer::apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) const {
  build(weights);
  State &state = *state_;
  trace::Graph::Scope scope(graph, state.rule->name, /*isLayer=*/false);
  const Config &config = state.config;
  Value count = graph.read(state.iterations), updates = count, due;
  Value rate =
      state.scheduled() ? scheduled_learning_rate(config["learning_rate"], count) : graph.read(state.learning_rate);

  // With gradient accumulation an update is due in every k-th call; other calls leave all but the sums as they are.
  Values used;
  for (std::size_t i = 0; i < weights.size(); ++i)
    used.push_back(cast(gradients[i], weights[i].dtype()));
  std::optional<std::int64_t> every = whole(config, "gradient_accumulation_steps");
  if (every) {
    updates = floor_divide(count, *every);
    due = equal(count + 1, (updates + 1) * *every);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Variable &accumulator = state.weights[i].accumulator;
      Value total = used[i] + graph.read(accumulator);
      graph.update(accumulator, where(due, zeros_like(total), total));
      used[i] = total / static_cast<double>(*every);
    }
  }
  auto when_due = [&](const Value &updated, const Value &before) {
    return every ? Value(where(due, updated, before)) : updated;
  };
  used = clipped(used, config);

  auto step_of = [&](const Value &weight) -> OptimizerStep {
    DType dtype = weight.dtype();
    return {config, "", weight, {}, cast(rate, dtype), cast(updates + 1, dtype), {}, {}, {}};
  };
  std::map<std::string, Value> common;
  for (const auto &[name, variable] : state.common) {
    Value before = graph.read(variable);
    OptimizerStep step = step_of(before);
    common[name] = when_due(state.rule->update_common(step, before), before);
    graph.update(variable, common[name]);
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Variable &variable = weights[i];
    State::Weight &own = state.weights[i];
    // Not what a layer has made of its weight for this call.
    Value before = graph.argument(variable);
    OptimizerStep step = step_of(before);
    step.name = variable.name();
    step.gradient = used[i];
    step.common = common;
    const char *decay =
        state.rule->decay ? state.rule->decay(config, variable.name(), variable.shape()) : "weight_decay";
    if (const Config &factor = config[decay]; !factor.is_null())
      step.weight = before - before * factor.as_double() * step.learning_rate;
    for (const auto &[name, slot] : own.slots)
      step.before[name] = graph.read(slot);
    Value after = when_due(state.rule->update(step), before);
    for (const auto &[name, value] : step.after)
      graph.update(own.slots.at(name), when_due(value, step.before.at(name)));
    if (own.average.defined()) {
      // The first average is the weight itself.
      Value momentum = where(not_equal(updates, 0), step.constant(config["ema_momentum"].as_double()), 0.0);
      Value average = momentum * graph.read(own.average) + (1.0 - momentum) * after;
      graph.update(own.average, average);
      if (auto frequency = whole(config, "ema_overwrite_frequency"))
        after = where(equal(floor_divide(updates + 1, *frequency) * *frequency, updates + 1), average, after);
    }
    graph.update(variable, variable.constraint().defined() ? variable.constraint()(after) : after);
  }
  graph.update(state.iterations, count + 1);
}

void Optimizer::finalize(const std::vector<Variable> &weights) const {
  if (!state_->built || !state_->config["use_ema"].as_bool())
    return;
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i].assign(state_->weights[i].average.value());
}

std::vector<KnownClass> known_optimizers() {
  std::vector<KnownClass> classes;
  for (const OptimizerRule &rule : optimizer_rules())
    classes.push_back({rule.class_name, keys_of(Optimizer(rule.name).get_config())});
  return classes;
}

} // namespace lamina
