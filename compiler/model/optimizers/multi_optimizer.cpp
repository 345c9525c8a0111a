#include <algorithm>
#include <map>

#include "compiler/model/network.h"
#include "compiler/model/optimizers/path_pattern.h"
#include "compiler/model/optimizers/state.h"
#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/ops.h"

namespace lamina {
namespace {

struct Multi final : Optimizer::State {
  Multi(const Optimizer &standard, const MultiOptimizer::Map &map, const Config &config)
      : State("MultiOptimizer", config), standard(standard) {
    for (const auto &[pattern, optimizer] : map) {
      entries.push_back({pattern, PathPattern(pattern), optimizer});
      add_optimizer(optimizer);
    }
    add_optimizer(standard);
    set_loss_scale(loss_scale());
  }

  Config get_config() const override {
    auto object = [](const Optimizer &optimizer) {
      return serialized("keras.optimizers", optimizer.class_name(), optimizer.get_config());
    };
    Config map = Config::dict();
    for (const Entry &entry : entries)
      map.set(entry.path, object(entry.optimizer));
    return {{"optimizer_map", serialized("keras.optimizers", "OptimizerMap",
                                         {{"default_optimizer", object(standard)}, {"optimizer_map", map}})},
            {"loss_scale_factor", config["loss_scale_factor"]},
            {"name", config["name"]}};
  }
  double learning_rate() const override { throw no_single_rate(); }
  void set_learning_rate(double) const override { throw no_single_rate(); }
  void set_loss_scale(std::optional<double> factor) override {
    State::set_loss_scale(factor);
    for (const Optimizer &optimizer : optimizers)
      State::of(optimizer).set_loss_scale(factor);
  }

  std::vector<std::pair<std::string, Optimizer>> inner() const override {
    std::vector<std::pair<std::string, Optimizer>> result;
    std::map<std::string, int> counts;
    for (const Optimizer &optimizer : optimizers)
      result.emplace_back("optimizers/" + numbered_name(to_snake_case(optimizer.class_name()), counts), optimizer);
    return result;
  }

  void build(const std::vector<Variable> &weights) override {
    if (built_for(weights))
      return;
    for (std::size_t i = 0; i < optimizers.size(); ++i)
      if (std::vector<Variable> own = weights_of(i, weights); !own.empty())
        optimizers[i].build(own);
  }

  void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) override {
    for (std::size_t i = 0; i < optimizers.size(); ++i) {
      std::vector<Variable> own = weights_of(i, weights);
      Values used;
      for (const Variable &weight : own) {
        auto same = [&](const Variable &other) { return other.id() == weight.id(); };
        used.push_back(
            gradients[static_cast<std::size_t>(std::find_if(weights.begin(), weights.end(), same) - weights.begin())]);
      }
      if (!own.empty())
        optimizers[i].apply(graph, own, used);
    }
    graph.update(iterations, graph.read(iterations) + 1);
  }

  void finalize(const std::vector<Variable> &weights) const override {
    for (std::size_t i = 0; i < optimizers.size(); ++i)
      optimizers[i].finalize(weights_of(i, weights));
  }

private:
  struct Entry {
    std::string path;
    PathPattern pattern;
    Optimizer optimizer;
  };

  Error no_single_rate() const { return Error("optimizer MultiOptimizer has no learning rate; its optimizers have"); }

  void add_optimizer(const Optimizer &optimizer) {
    if (!State::of(optimizer).inner().empty())
      throw Error("optimizer " + optimizer.class_name() + " cannot be inside a MultiOptimizer");
    if (std::find(optimizers.begin(), optimizers.end(), optimizer) == optimizers.end())
      optimizers.push_back(optimizer);
  }

  const Optimizer &optimizer_of(const Variable &weight) const {
    const Entry *found = nullptr;
    for (const Entry &entry : entries)
      if (entry.path == weight.path())
        return entry.optimizer;
    for (const Entry &entry : entries)
      if (entry.pattern.matches(weight.path())) {
        if (found)
          throw Error("optimizer MultiOptimizer: weight '" + weight.path() + "' matches both '" + found->path +
                      "' and '" + entry.path + "'");
        found = &entry;
      }
    return found ? found->optimizer : standard;
  }

  std::vector<Variable> weights_of(std::size_t number, const std::vector<Variable> &weights) const {
    std::vector<Variable> own;
    for (const Variable &weight : weights)
      if (optimizer_of(weight) == optimizers[number])
        own.push_back(weight);
    return own;
  }

  Optimizer standard;
  std::vector<Entry> entries;
  std::vector<Optimizer> optimizers; ///< each once, those of the entries first
};

std::shared_ptr<Optimizer::State> made(const Optimizer &standard, const MultiOptimizer::Map &map,
                                       const Config &loss_scale_factor, const Config &name) {
  return std::make_shared<Multi>(standard, map, Config{{"name", name}, {"loss_scale_factor", loss_scale_factor}});
}

std::shared_ptr<Optimizer::State> from_arguments(const Config &arguments) {
  const Config *entry = arguments.find("optimizer_map");
  if (!entry || !entry->is_dict())
    throw Error("optimizer MultiOptimizer needs optimizer_map, an OptimizerMap");
  auto [name, map] = class_and_config(*entry, "optimizer_map");
  const Config *standard = map.find("default_optimizer"), *others = map.find("optimizer_map");
  if (name != "OptimizerMap" || !standard)
    throw Error("optimizer MultiOptimizer: optimizer_map must be an OptimizerMap with a default_optimizer");
  MultiOptimizer::Map entries;
  if (others && others->is_dict())
    for (const auto &[pattern, optimizer] : others->as_dict())
      entries.emplace_back(pattern, Optimizer::from_config(optimizer));
  const Config *factor = arguments.find("loss_scale_factor"), *called = arguments.find("name");
  if (factor && !factor->is_null() && !factor->is_number())
    throw Error("optimizer MultiOptimizer: loss_scale_factor must be a number, got " + factor->str().substr(0, 60));
  return made(Optimizer::from_config(*standard), entries, factor ? *factor : Config(),
              called && called->is_string() ? *called : Config("multi_optimizer"));
}

} // namespace

MultiOptimizer::MultiOptimizer(const Optimizer &standard, const Map &map, std::optional<double> loss_scale_factor)
    : Optimizer(made(standard, map, Config(loss_scale_factor), "multi_optimizer")) {}

const OptimizerWrapper multi_wrapper{"MultiOptimizer", "multi_optimizer", from_arguments,
                                     [](const Optimizer &inner) -> Optimizer { return MultiOptimizer(inner); }};

} // namespace lamina
