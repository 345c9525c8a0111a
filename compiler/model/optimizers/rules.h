#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/config.h"
#include "lamina/value.h"
#include "lamina/variable.h"

namespace lamina {

/// What an optimizer's rule looks at and sets in the step of one weight.
struct OptimizerStep {
  const Config &config;
  std::string path; ///< of the weight
  Value weight, gradient, learning_rate;
  Value step;                          ///< this step's number from 1, in the weight's type
  std::map<std::string, Value> before; ///< state of the weight by slot
  std::map<std::string, Value> after;  ///< state that the rule sets
  std::map<std::string, Value> common; ///< scalars that all weights share, as of this step

  double number(const char *key) const { return config[key].as_double(); }
  bool flag(const char *key) const { return config[key].as_bool(); }
  Value constant(double value) const;
  /// base to the power of the step's number
  Value power_of_step(double base) const;
  const Value &slot(const std::string &slot) const { return before.at(slot); }
  Value set(const std::string &slot, Value value) { return after[slot] = value; }
};

/// One slot of state for a weight.
struct OptimizerSlot {
  std::string name;
  Shape shape;
  double initial = 0.0;
  bool copies_weight = false;
};

/// One of Keras's optimizers.
struct OptimizerRule {
  using Slots = std::vector<OptimizerSlot>;

  const char *class_name;
  const char *name;
  Config arguments; ///< own arguments with their defaults, and common ones whose default differs
  /// Groups of slots: in files the slots of a group stand together for each weight, one group behind the other.
  std::vector<Slots> (*slots)(const Config &config, const std::string &weight, const Shape &shape);
  /// Sets `after` and gives the new weight.
  Value (*update)(OptimizerStep &);
  /// Scalars behind all slots that weights share, with their initial values, and their update.
  std::map<std::string, double> common = {};
  Value (*update_common)(OptimizerStep &, const Value &before) = nullptr;
  /// The factor of weight decay; none: the argument weight_decay.
  const char *(*decay)(const Config &config, const std::string &weight, const Shape &shape) = nullptr;
  /// Errors: an argument out of its range.
  void (*check)(const Config &config) = nullptr;
};

const std::vector<OptimizerRule> &optimizer_rules();

} // namespace lamina
