#include <algorithm>
#include <map>

#include "compiler/model/learning_rate_schedules.h"
#include "compiler/model/optimizers/rules.h"
#include "compiler/model/optimizers/state.h"
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

std::optional<std::int64_t> whole(const Config &config, const char *key) {
  std::optional<double> value = positive_setting(config, key);
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

Values clipped(Values gradients, const Config &config) {
  if (auto limit = positive_setting(config, "clipnorm")) {
    for (Value &g : gradients)
      g = g * *limit / maximum(sqrt(sum(square(g))), *limit);
  } else if (auto total = positive_setting(config, "global_clipnorm")) {
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
  } else if (auto bound = positive_setting(config, "clipvalue")) {
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

struct RuleOptimizer final : Optimizer::State {
  /// What belongs to one weight.
  struct Weight {
    std::map<std::string, Variable> slots;
    Variable average, accumulator;
  };

  RuleOptimizer(const OptimizerRule &rule, const Config &config) : State(rule.class_name, config), rule(rule) {}

  void build(const std::vector<Variable> &weights) override;
  void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) override;
  void finalize(const std::vector<Variable> &weights) const override;

  Variable add_beside(const Variable &weight, const std::string &name, const Shape &shape, double initial = 0.0) {
    std::string path = weight.path();
    std::replace(path.begin(), path.end(), '/', '_');
    return add(path + "_" + name, shape, weight.dtype(), initial);
  }

  const OptimizerRule &rule;
  std::vector<Weight> states;
  std::map<std::string, Variable> common;
};

void RuleOptimizer::build(const std::vector<Variable> &weights) {
  if (built_for(weights))
    return;
  common.clear();
  states.assign(weights.size(), {});
  if (config["use_ema"].as_bool())
    for (std::size_t i = 0; i < weights.size(); ++i)
      states[i].average = add_beside(weights[i], "average", weights[i].shape());
  if (whole(config, "gradient_accumulation_steps"))
    for (std::size_t i = 0; i < weights.size(); ++i)
      states[i].accumulator = add_beside(weights[i], "gradient_accumulator", weights[i].shape());
  std::vector<std::vector<OptimizerRule::Slots>> slots;
  std::size_t groups = 0;
  for (const Variable &weight : weights) {
    slots.push_back(rule.slots(config, weight.path(), weight.shape()));
    groups = std::max(groups, slots.back().size());
  }
  for (std::size_t group = 0; group < groups; ++group)
    for (std::size_t i = 0; i < weights.size(); ++i)
      for (const OptimizerSlot &slot : slots[i][group]) {
        Variable variable = add_beside(weights[i], slot.name, slot.shape, slot.initial);
        if (slot.copies_weight)
          variable.assign(weights[i].value());
        states[i].slots[slot.name] = variable;
      }
  for (const auto &[name, initial] : rule.common)
    common[name] = add(name, {}, weights.empty() ? DType::Float32 : weights[0].dtype(), initial);
}

void RuleOptimizer::apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) {
  trace::Graph::Scope scope(graph, rule.name, /*isLayer=*/false);
  Value count = graph.read(iterations), updates = count, due;
  Value now = scheduled() ? scheduled_learning_rate(config["learning_rate"], count) : graph.read(rate);

  // With gradient accumulation an update is due in every k-th call; other calls leave all but the sums as they are.
  Values used;
  for (std::size_t i = 0; i < weights.size(); ++i)
    used.push_back(cast(gradients[i], weights[i].dtype()));
  if (std::optional<double> factor = loss_scale())
    for (Value &gradient : used)
      gradient = gradient / *factor;
  std::optional<std::int64_t> every = whole(config, "gradient_accumulation_steps");
  if (every) {
    updates = floor_divide(count, *every);
    due = equal(count + 1, (updates + 1) * *every);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Variable &accumulator = states[i].accumulator;
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
    return {config, "", weight, {}, cast(now, dtype), cast(updates + 1, dtype), {}, {}, {}};
  };
  std::map<std::string, Value> shared;
  for (const auto &[name, variable] : common) {
    Value before = graph.read(variable);
    OptimizerStep step = step_of(before);
    shared[name] = when_due(rule.update_common(step, before), before);
    graph.update(variable, shared[name]);
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Variable &variable = weights[i];
    Weight &own = states[i];
    // Not what a layer has made of its weight for this call.
    Value before = graph.argument(variable);
    OptimizerStep step = step_of(before);
    step.path = variable.path();
    step.gradient = used[i];
    step.common = shared;
    const char *decay = rule.decay ? rule.decay(config, variable.path(), variable.shape()) : "weight_decay";
    if (const Config &factor = config[decay]; !factor.is_null())
      step.weight = before - before * factor.as_double() * step.learning_rate;
    for (const auto &[name, slot] : own.slots)
      step.before[name] = graph.read(slot);
    Value after = when_due(rule.update(step), before);
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
  graph.update(iterations, count + 1);
}

void RuleOptimizer::finalize(const std::vector<Variable> &weights) const {
  if (config["use_ema"].as_bool())
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i].assign(states[i].average.value());
}

} // namespace

std::shared_ptr<Optimizer::State> rule_optimizer(const std::string &name, const Config &arguments) {
  std::vector<std::string> known;
  for (const OptimizerWrapper &wrapper : optimizer_wrappers())
    known.push_back(wrapper.name);
  const OptimizerRule *rule = nullptr;
  for (const OptimizerRule &candidate : optimizer_rules()) {
    known.push_back(candidate.name);
    if (name == candidate.name || name == candidate.class_name)
      rule = &candidate;
  }
  if (!rule)
    throw unknown("optimizer", name, known);
  Config config{{"name", rule->name}};
  const Config common = common_arguments();
  for (const Config &defaults : {common, rule->arguments})
    for (const auto &[key, value] : defaults.as_dict())
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
  for (const auto &[key, value] : rule->arguments.as_dict())
    if (value.is_number() && key != "learning_rate" && key != "weight_decay" && key != "adam_weight_decay" &&
        key != "rms_rate" && !config[key].is_number())
      throw Error("optimizer " + name + ": " + key + " must be a number, got " + config[key].str());
  if (config["learning_rate"].is_dict())
    config.set("learning_rate", complete_schedule(config["learning_rate"]));
  else if (!config["learning_rate"].is_number())
    throw Error("optimizer " + name + ": learning_rate must be a number, got " + config["learning_rate"].str());
  check(name, config);
  if (rule->check)
    rule->check(config);
  return std::make_shared<RuleOptimizer>(*rule, config);
}

} // namespace lamina
