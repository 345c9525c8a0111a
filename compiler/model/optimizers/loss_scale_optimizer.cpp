#include "compiler/model/optimizers/state.h"
#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/ops.h"

namespace lamina {
namespace {

struct LossScale final : Optimizer::State {
  /// config: name, initial_scale, dynamic_growth_steps
  LossScale(const Optimizer &inner, const Config &config)
      : State("LossScaleOptimizer", config), optimizer(inner), growth_steps(config["dynamic_growth_steps"].as_int()) {
    State::of(inner).set_loss_scale({});
  }

  Config get_config() const override {
    return {{"name", config["name"]},
            {"inner_optimizer", serialized("keras.optimizers", optimizer.class_name(), optimizer.get_config())},
            {"initial_scale", config["initial_scale"]},
            {"dynamic_growth_steps", growth_steps}};
  }
  double learning_rate() const override { return optimizer.learning_rate(); }
  void set_learning_rate(double rate) const override { optimizer.set_learning_rate(rate); }
  std::int64_t counted_steps() const override { return optimizer.iterations(); }
  std::vector<std::pair<std::string, Optimizer>> inner() const override { return {{"inner_optimizer", optimizer}}; }

  void build(const std::vector<Variable> &weights) override {
    if (built_for(weights))
      return;
    counter = add("step_counter", {}, DType::Int32, 0.0);
    scale = add("dynamic_scale", {}, DType::Float32, config["initial_scale"].as_double());
    optimizer.build(weights);
  }

  Value scaled(trace::Graph &graph, const Value &loss) const override {
    return loss * cast(graph.read(scale), loss.dtype());
  }

  void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) override {
    if (weights.empty())
      return;
    trace::Graph::Scope scope(graph, "loss_scale", /*isLayer=*/false);
    Value factor = graph.read(scale), steps = graph.read(counter), finite;
    Values used;
    for (const Value &gradient : gradients) {
      Value good = all(is_finite(gradient));
      finite = finite.defined() ? Value(logical_and(finite, good)) : good;
      used.push_back(gradient / cast(factor, gradient.dtype()));
    }
    optimizer.apply(graph, weights, used);
    std::vector<Variable> changed = optimizer.variables();
    changed.insert(changed.end(), weights.begin(), weights.end());
    for (const Variable &variable : changed)
      graph.update(variable, where(finite, graph.read(variable), graph.argument(variable)));
    Value grows = equal(steps, growth_steps - 1);
    graph.update(counter, where(logical_and(finite, logical_not(grows)), steps + 1, zeros_like(steps)));
    graph.update(scale, where(finite, where(grows, factor * 2.0, factor), factor * 0.5));
  }

  void finalize(const std::vector<Variable> &weights) const override { optimizer.finalize(weights); }

  Optimizer optimizer;
  std::int64_t growth_steps;
  Variable counter, scale;
};

std::shared_ptr<Optimizer::State> made(const Optimizer &inner, const Config &given) {
  Config config{{"name", "loss_scale_optimizer"}, {"initial_scale", 32768.0}, {"dynamic_growth_steps", 2000}};
  for (const auto &[key, value] : given.as_dict())
    if (config.contains(key))
      config.set(key, value);
    else if (key != "inner_optimizer" && !value.is_null())
      throw Error("optimizer LossScaleOptimizer has no argument '" + key + "'; give it to the inner optimizer");
  if (!positive_setting(config, "initial_scale"))
    throw Error("optimizer LossScaleOptimizer: initial_scale must be a positive number, got " +
                config["initial_scale"].str().substr(0, 60));
  if (const Config &steps = config["dynamic_growth_steps"]; !steps.is_int() || steps.as_int() < 1)
    throw Error("optimizer LossScaleOptimizer: dynamic_growth_steps must be a positive whole number, got " +
                steps.str().substr(0, 60));
  return std::make_shared<LossScale>(inner, config);
}

} // namespace

LossScaleOptimizer::LossScaleOptimizer(const Optimizer &inner, const Options &options)
    : Optimizer(made(
          inner, {{"initial_scale", options.initial_scale}, {"dynamic_growth_steps", options.dynamic_growth_steps}})) {}

const OptimizerWrapper loss_scale_wrapper{
    "LossScaleOptimizer", "loss_scale_optimizer",
    [](const Config &arguments) {
      const Config *inner = arguments.find("inner_optimizer");
      if (!inner)
        throw Error("optimizer LossScaleOptimizer needs inner_optimizer");
      return made(Optimizer::from_config(*inner), arguments);
    },
    [](const Optimizer &inner) -> Optimizer { return LossScaleOptimizer(inner); }};

} // namespace lamina
