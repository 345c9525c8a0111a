#include "lamina/regularizers.h"

#include "compiler/model/registry.h"
#include "lamina/ops.h"

#include <cmath>

namespace lamina {
namespace {

struct Kind {
  const char *class_name;
  const char *snake;
  Config defaults;
};

const std::vector<Kind> &regularizer_kinds() {
  static const std::vector<Kind> table{
      {"L1", "l1", {{"l1", 0.01}}},
      {"L2", "l2", {{"l2", 0.01}}},
      {"L1L2", "l1_l2", {{"l1", 0.0}, {"l2", 0.0}}},
      {"OrthogonalRegularizer", "orthogonal_regularizer", {{"factor", 0.01}, {"mode", "rows"}}},
  };
  return table;
}

const std::vector<Kind> &constraint_kinds() {
  static const std::vector<Kind> table{
      {"MaxNorm", "max_norm", {{"max_value", 2.0}, {"axis", 0}}},
      {"NonNeg", "non_neg", Config::dict()},
      {"UnitNorm", "unit_norm", {{"axis", 0}}},
      {"MinMaxNorm", "min_max_norm", {{"min_value", 0.0}, {"max_value", 1.0}, {"rate", 1.0}, {"axis", 0}}},
  };
  return table;
}

/// The serialized form of a known object, by name or as it is.
Config resolve(const Config &config, const char *what, const std::string &module, const std::vector<Kind> &kinds) {
  if (config.is_null())
    return {};
  auto [name, arguments] = class_and_config(config, what);
  std::vector<std::string> known;
  for (const Kind &kind : kinds) {
    known.push_back(kind.snake);
    if (name != kind.class_name && name != kind.snake)
      continue;
    if (config.is_string())
      return serialized(module, kind.class_name, kind.defaults);
    for (const auto &[key, standard] : kind.defaults.as_dict())
      if (const Config *given = arguments.find(key);
          given && standard.is_number() && key != "axis" && !given->is_null())
        if (!given->is_number() || !std::isfinite(given->as_double()) || given->as_double() < 0)
          throw Error(std::string(what) + " " + name + ": " + key + " must be a non-negative number, got " +
                      given->str());
    return config;
  }
  throw unknown(what, name, known);
}

double number(const Config &config, const char *key, double otherwise) {
  const Config *entry = config.find(key);
  return entry && entry->is_number() ? entry->as_double() : otherwise;
}

Axes axes(const Config &config) {
  const Config *axis = config.find("axis");
  if (!axis)
    return 0;
  if (axis->is_int())
    return axis->as_int();
  std::vector<std::int64_t> list;
  for (const Config &item : axis->as_list())
    list.push_back(item.as_int());
  return list;
}

Config axis_config(const std::vector<std::int64_t> &axis) { return axis.size() == 1 ? Config(axis[0]) : Config(axis); }

Value orthogonal_penalty(const Value &x, double factor, bool rows) {
  if (x.rank() != 2)
    throw Error("OrthogonalRegularizer needs a two-dimensional weight, got shape " + x.shape().str());
  Value unit = x / maximum(sqrt(sum(square(x), rows ? 1 : 0, true)), 1e-12);
  Value product = rows ? matmul(unit, transpose(unit)) : matmul(transpose(unit), unit);
  std::int64_t n = x.shape()[rows ? 0 : 1];
  Value row = iota(x.graph(), {n, n}, 0), column = iota(x.graph(), {n, n}, 1);
  Value others = where(not_equal(row, column), abs(product), 0.0);
  double pairs = static_cast<double>(n) * (static_cast<double>(n) - 1.0) / 2.0;
  return (factor * 0.5) * sum(others) / pairs;
}

} // namespace

Regularizer::Regularizer(const std::string &name) { *this = from_config(name); }

Regularizer Regularizer::from_config(const Config &config) {
  Regularizer result;
  result.config_ = resolve(config, "regularizer", "keras.regularizers", regularizer_kinds());
  return result;
}

Value Regularizer::operator()(const Value &x) const {
  auto [name, config] = class_and_config(config_, "regularizer");
  if (name == "OrthogonalRegularizer") {
    const Config *mode = config.find("mode");
    return orthogonal_penalty(x, number(config, "factor", 0.01), !mode || mode->as_string() != "columns");
  }
  double l1 = name == "L2" ? 0.0 : number(config, "l1", name == "L1" ? 0.01 : 0.0);
  double l2 = name == "L1" ? 0.0 : number(config, "l2", name == "L2" ? 0.01 : 0.0);
  Value penalty;
  if (l1 != 0.0)
    penalty = l1 * sum(abs(x));
  if (l2 != 0.0) {
    Value squares = l2 * sum(square(x));
    penalty = penalty.defined() ? Value(penalty + squares) : squares;
  }
  return penalty.defined() ? penalty : constant(x.graph(), 0.0, x.dtype());
}

namespace regularizers {
Regularizer l1(double l1) { return Regularizer::from_config(serialized("keras.regularizers", "L1", {{"l1", l1}})); }
Regularizer l2(double l2) { return Regularizer::from_config(serialized("keras.regularizers", "L2", {{"l2", l2}})); }
Regularizer l1_l2(double l1, double l2) {
  return Regularizer::from_config(serialized("keras.regularizers", "L1L2", {{"l1", l1}, {"l2", l2}}));
}
Regularizer orthogonal(double factor, const std::string &mode) {
  return Regularizer::from_config(
      serialized("keras.regularizers", "OrthogonalRegularizer", {{"factor", factor}, {"mode", mode}}));
}
} // namespace regularizers

Constraint::Constraint(const std::string &name) { *this = from_config(name); }

Constraint Constraint::from_config(const Config &config) {
  Constraint result;
  result.config_ = resolve(config, "constraint", "keras.constraints", constraint_kinds());
  return result;
}

Value Constraint::operator()(const Value &w) const {
  auto [name, config] = class_and_config(config_, "constraint");
  if (name == "NonNeg")
    return maximum(w, 0.0);
  Value norm = sqrt(sum(square(w), axes(config), true));
  if (name == "UnitNorm")
    return w / (1e-7 + norm);
  if (name == "MaxNorm")
    return w * (clip(norm, 0.0, number(config, "max_value", 2.0)) / (1e-7 + norm));
  double rate = number(config, "rate", 1.0);
  Value desired =
      rate * clip(norm, number(config, "min_value", 0.0), number(config, "max_value", 1.0)) + (1.0 - rate) * norm;
  return w * (desired / (1e-7 + norm));
}

namespace constraints {
Constraint max_norm(double max_value, std::vector<std::int64_t> axis) {
  return Constraint::from_config(
      serialized("keras.constraints", "MaxNorm", {{"max_value", max_value}, {"axis", axis_config(axis)}}));
}
Constraint non_neg() { return "non_neg"; }
Constraint unit_norm(std::vector<std::int64_t> axis) {
  return Constraint::from_config(serialized("keras.constraints", "UnitNorm", {{"axis", axis_config(axis)}}));
}
Constraint min_max_norm(double min_value, double max_value, double rate, std::vector<std::int64_t> axis) {
  return Constraint::from_config(
      serialized("keras.constraints", "MinMaxNorm",
                 {{"min_value", min_value}, {"max_value", max_value}, {"rate", rate}, {"axis", axis_config(axis)}}));
}
} // namespace constraints

namespace {
std::vector<KnownClass> known(const std::vector<Kind> &kinds) {
  std::vector<KnownClass> classes;
  for (const Kind &kind : kinds)
    classes.push_back({kind.class_name, keys_of(kind.defaults)});
  return classes;
}
} // namespace

std::vector<KnownClass> known_regularizers() { return known(regularizer_kinds()); }
std::vector<KnownClass> known_constraints() { return known(constraint_kinds()); }

} // namespace lamina
