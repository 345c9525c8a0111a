#include "compiler/model/learning_rate_schedules.h"

#include <cmath>
#include <numbers>

#include "compiler/model/registry.h"
#include "lamina/ops.h"
#include "lamina/optimizers.h"

namespace lamina {
namespace {

using Arguments = const Config &;

double number(Arguments c, const char *key) { return c[key].as_double(); }

/// Steps as a share of decay_steps, in whole steps with `staircase`.
Value share(Arguments c, const Value &t) {
  Value p = t / number(c, "decay_steps");
  return c["staircase"].as_bool() ? Value(floor(p)) : p;
}

/// η₀ r^(t/T)
Value exponential_decay(Arguments c, const Value &t) {
  Value rate = constant(t.graph(), number(c, "decay_rate"), t.dtype());
  return number(c, "initial_learning_rate") * power(rate, share(c, t));
}

/// η₀ / (1 + r t/T)
Value inverse_time_decay(Arguments c, const Value &t) {
  return number(c, "initial_learning_rate") / (1.0 + number(c, "decay_rate") * share(c, t));
}

/// values[i] for boundaries[i - 1] < t ≤ boundaries[i]
Value piecewise_constant_decay(Arguments c, const Value &t) {
  const Config::List &boundaries = c["boundaries"].as_list(), &values = c["values"].as_list();
  Value rate = constant(t.graph(), values.back().as_double(), t.dtype());
  for (std::size_t i = boundaries.size(); i-- > 0;)
    rate = where(t <= boundaries[i].as_double(), values[i].as_double(), rate);
  return rate;
}

/// (η₀ - η₁)(1 - t/T)ᵖ + η₁; with `cycle` T grows to the next multiple
Value polynomial_decay(Arguments c, const Value &t) {
  double steps = number(c, "decay_steps"), end = number(c, "end_learning_rate");
  Value p;
  if (c["cycle"].as_bool())
    p = t / (steps * where(t <= 0.0, 1.0, ceil(t / steps)));
  else
    p = minimum(t, steps) / steps;
  return (number(c, "initial_learning_rate") - end) * power(1.0 - p, number(c, "power")) + end;
}

/// η ((1 - α)(1 + cos(π t/T))/2 + α), after a linear warm-up
Value cosine_decay(Arguments c, const Value &t) {
  double steps = number(c, "decay_steps"), start = number(c, "initial_learning_rate"), alpha = number(c, "alpha");
  auto decayed = [&](const Value &done, double from) -> Value {
    return from * ((1.0 - alpha) * (0.5 * (1.0 + cos(done / steps * std::numbers::pi))) + alpha);
  };
  if (c["warmup_target"].is_null())
    return decayed(minimum(t, steps), start);
  double target = number(c, "warmup_target"), warmup = number(c, "warmup_steps");
  Value limited = minimum(t, steps + warmup);
  Value after = decayed(maximum(limited - warmup, 0.0), target);
  return warmup > 0 ? Value(where(limited < warmup, (target - start) * (limited / warmup) + start, after)) : after;
}

/// Cosine decay that starts again after T, T mₜ, T mₜ², … steps, each time mₘ times as high
Value cosine_decay_restarts(Arguments c, const Value &t) {
  double growth = number(c, "t_mul"), alpha = number(c, "alpha");
  Value done = t / number(c, "first_decay_steps"), restart;
  if (growth == 1.0) {
    restart = floor(done);
    done = done - restart;
  } else {
    restart = floor(log(1.0 - done * (1.0 - growth)) / std::log(growth));
    Value length = power(constant(t.graph(), growth, t.dtype()), restart);
    done = (done - (1.0 - length) / (1.0 - growth)) / length;
  }
  Value height = power(constant(t.graph(), number(c, "m_mul"), t.dtype()), restart);
  Value cosine = 0.5 * height * (1.0 + cos(done * std::numbers::pi));
  return number(c, "initial_learning_rate") * ((1.0 - alpha) * cosine + alpha);
}

struct Schedule {
  const char *class_name;
  Config arguments; ///< with defaults; null where one must be given
  Value (*function)(Arguments, const Value &);
};

const std::vector<Schedule> &schedule_kinds() {
  static const std::vector<Schedule> table{
      {"ExponentialDecay",
       {{"initial_learning_rate", nullptr},
        {"decay_steps", nullptr},
        {"decay_rate", nullptr},
        {"staircase", false},
        {"name", "ExponentialDecay"}},
       exponential_decay},
      {"InverseTimeDecay",
       {{"initial_learning_rate", nullptr},
        {"decay_steps", nullptr},
        {"decay_rate", nullptr},
        {"staircase", false},
        {"name", "InverseTimeDecay"}},
       inverse_time_decay},
      {"PiecewiseConstantDecay",
       {{"boundaries", nullptr}, {"values", nullptr}, {"name", "PiecewiseConstant"}},
       piecewise_constant_decay},
      {"PolynomialDecay",
       {{"initial_learning_rate", nullptr},
        {"decay_steps", nullptr},
        {"end_learning_rate", 0.0001},
        {"power", 1.0},
        {"cycle", false},
        {"name", "PolynomialDecay"}},
       polynomial_decay},
      {"CosineDecay",
       {{"initial_learning_rate", nullptr},
        {"decay_steps", nullptr},
        {"alpha", 0.0},
        {"name", "CosineDecay"},
        {"warmup_target", nullptr},
        {"warmup_steps", 0}},
       cosine_decay},
      {"CosineDecayRestarts",
       {{"initial_learning_rate", nullptr},
        {"first_decay_steps", nullptr},
        {"t_mul", 2.0},
        {"m_mul", 1.0},
        {"alpha", 0.0},
        {"name", "SGDRDecay"}},
       cosine_decay_restarts}};
  return table;
}

const Schedule &find_schedule(const std::string &name) {
  std::vector<std::string> known;
  for (const Schedule &schedule : schedule_kinds()) {
    known.push_back(schedule.class_name);
    if (name == schedule.class_name)
      return schedule;
  }
  throw unknown("learning rate schedule", name, known);
}

} // namespace

Config complete_schedule(const Config &given) {
  auto [name, arguments] = class_and_config(given, "learning rate schedule");
  const Schedule &schedule = find_schedule(name);
  Config config = schedule.arguments;
  for (const auto &[key, value] : arguments.as_dict()) {
    if (!config.contains(key))
      throw Error(name + " has no argument '" + key + "'");
    config.set(key, value);
  }
  for (const auto &[key, value] : config.as_dict())
    if (value.is_null() && key != "warmup_target")
      throw Error(name + " needs " + key);
  for (const char *key : {"decay_steps", "first_decay_steps"})
    if (const Config *steps = config.find(key); steps && steps->as_double() <= 0)
      throw Error(name + ": " + key + " must be positive, got " + steps->str());
  if (name == "PiecewiseConstantDecay" && config["values"].size() != config["boundaries"].size() + 1)
    throw Error(name + " needs one value more than boundaries, got " + std::to_string(config["values"].size()) +
                " values and " + std::to_string(config["boundaries"].size()) + " boundaries");
  return serialized("keras.optimizers.schedules", name, config);
}

Value scheduled_learning_rate(const Config &schedule, const Value &iteration) {
  return find_schedule(schedule["class_name"].as_string())
      .function(schedule["config"], cast(iteration, DType::Float32));
}

namespace schedules {
namespace {
LearningRate made(const char *name, Config arguments) {
  return complete_schedule(serialized("keras.optimizers.schedules", name, std::move(arguments)));
}
} // namespace
LearningRate exponential_decay(double initial_learning_rate, double decay_steps, double decay_rate, bool staircase) {
  return made("ExponentialDecay", {{"initial_learning_rate", initial_learning_rate},
                                   {"decay_steps", decay_steps},
                                   {"decay_rate", decay_rate},
                                   {"staircase", staircase}});
}
LearningRate inverse_time_decay(double initial_learning_rate, double decay_steps, double decay_rate, bool staircase) {
  return made("InverseTimeDecay", {{"initial_learning_rate", initial_learning_rate},
                                   {"decay_steps", decay_steps},
                                   {"decay_rate", decay_rate},
                                   {"staircase", staircase}});
}
LearningRate piecewise_constant_decay(std::vector<double> boundaries, std::vector<double> values) {
  return made("PiecewiseConstantDecay", {{"boundaries", Config(boundaries)}, {"values", Config(values)}});
}
LearningRate polynomial_decay(double initial_learning_rate, double decay_steps, double end_learning_rate, double power,
                              bool cycle) {
  return made("PolynomialDecay", {{"initial_learning_rate", initial_learning_rate},
                                  {"decay_steps", decay_steps},
                                  {"end_learning_rate", end_learning_rate},
                                  {"power", power},
                                  {"cycle", cycle}});
}
LearningRate cosine_decay(double initial_learning_rate, double decay_steps, double alpha,
                          std::optional<double> warmup_target, double warmup_steps) {
  return made("CosineDecay", {{"initial_learning_rate", initial_learning_rate},
                              {"decay_steps", decay_steps},
                              {"alpha", alpha},
                              {"warmup_target", Config(warmup_target)},
                              {"warmup_steps", warmup_steps}});
}
LearningRate cosine_decay_restarts(double initial_learning_rate, double first_decay_steps, double t_mul, double m_mul,
                                   double alpha) {
  return made("CosineDecayRestarts", {{"initial_learning_rate", initial_learning_rate},
                                      {"first_decay_steps", first_decay_steps},
                                      {"t_mul", t_mul},
                                      {"m_mul", m_mul},
                                      {"alpha", alpha}});
}
} // namespace schedules

std::vector<KnownClass> known_schedules() {
  std::vector<KnownClass> classes;
  for (const Schedule &schedule : schedule_kinds())
    classes.push_back({schedule.class_name, keys_of(schedule.arguments)});
  return classes;
}

} // namespace lamina
