#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lamina/error.h"
#include "lamina/optimizers.h"

namespace lamina {

/// What stands behind an Optimizer: a rule, or a wrapper of others. All have a counter of steps and, unless a schedule
/// sets it, a learning rate of their own, as in Keras's files.
struct Optimizer::State {
  State(std::string class_name, Config config);
  virtual ~State() = default;

  virtual Config get_config() const;
  virtual double learning_rate() const;
  virtual void set_learning_rate(double rate) const;
  virtual std::int64_t counted_steps() const;
  virtual std::vector<std::pair<std::string, Optimizer>> inner() const { return {}; }
  /// The factor of the loss; none: 1. A wrapper decides for the optimizers inside.
  virtual void set_loss_scale(std::optional<double> factor) { config.set("loss_scale_factor", Config(factor)); }
  virtual void build(const std::vector<Variable> &weights) = 0;
  virtual Value scaled(trace::Graph &graph, const Value &loss) const;
  virtual void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) = 0;
  virtual void finalize(const std::vector<Variable> &weights) const = 0;

  bool scheduled() const { return !rate.defined(); }
  static State &of(const Optimizer &optimizer) { return *optimizer.state_; }
  std::optional<double> loss_scale() const;
  /// A variable of the optimizer, behind those that are already there.
  Variable add(const std::string &name, const Shape &shape, DType dtype, double initial);
  /// Whether the state is that of these weights; if not, what there was of it is forgotten.
  bool built_for(const std::vector<Variable> &weights);

  std::string class_name;
  Config config; ///< all arguments
  Variable iterations, rate;
  std::vector<Variable> variables; ///< behind iterations and rate, in the order of files
  bool built = false;

private:
  std::vector<const void *> ids_;
};

/// A positive number among the arguments.
std::optional<double> positive_setting(const Config &config, const char *key);

/// An optimizer of Keras that holds others.
struct OptimizerWrapper {
  const char *class_name, *name;
  std::shared_ptr<Optimizer::State> (*make)(const Config &arguments); ///< from its arguments in files
  Optimizer (*around)(const Optimizer &inner);
};

extern const OptimizerWrapper loss_scale_wrapper, multi_wrapper;
const std::vector<OptimizerWrapper> &optimizer_wrappers();

std::shared_ptr<Optimizer::State> rule_optimizer(const std::string &name, const Config &arguments);

} // namespace lamina
