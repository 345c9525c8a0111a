#ifndef LAMINA_OPTIMIZERS_H
#define LAMINA_OPTIMIZERS_H

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <lamina/config.h>
#include <lamina/value.h>
#include <lamina/variable.h>

namespace lamina {

/// How weights follow their gradients: one of Keras's optimizers by name ("adam"), class or configuration. A handle.
/// Errors: an unknown name, an argument that it does not have or that is no number.
class Optimizer {
public:
  Optimizer(const char *name) : Optimizer(std::string(name)) {}
  Optimizer(const std::string &name) : Optimizer(name, Config::dict()) {}
  Optimizer(const std::string &name, const Config &arguments);
  /// {module, class_name, config}
  static Optimizer from_config(const Config &config);

  const std::string &class_name() const;
  /// All arguments; learning_rate is its value now.
  Config get_config() const;
  double learning_rate() const;
  void set_learning_rate(double learning_rate) const;
  std::int64_t iterations() const;

  /// Makes the state for these weights, once.
  void build(const std::vector<Variable> &weights) const;
  bool built() const;
  /// iteration, learning_rate, then the state of all weights, in the order of Keras's optimizer/vars.
  std::vector<Variable> variables() const;

  /// One step inside a traced function: sets the weights and the state.
  void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) const;

  /// Implementation: what a rule may look at and set in the step of one weight.
  struct Step;

private:
  struct State;
  std::shared_ptr<State> state_;
};

/// As Optimizer(name, arguments): make_optimizer("sgd", {{"learning_rate", 0.1}}).
Optimizer make_optimizer(const std::string &name, const Config &arguments = Config::dict());

/// w ← w + m,  m ← momentum · m - learning_rate · g;  with nesterov w ← w + momentum · m - learning_rate · g.
class SGD : public Optimizer {
public:
  struct Options {
    double learning_rate = 0.01;
    double momentum = 0.0;
    bool nesterov = false;
  };
  SGD() : SGD(Options()) {}
  explicit SGD(const Options &o)
      : Optimizer("sgd", {{"learning_rate", o.learning_rate}, {"momentum", o.momentum}, {"nesterov", o.nesterov}}) {}
};

/// m ← m + (g - m)(1 - β₁),  v ← v + (g² - v)(1 - β₂),  w ← w - lr √(1 - β₂ᵗ)/(1 - β₁ᵗ) · m/(√v + ε). Kingma and Ba, 2014.
class Adam : public Optimizer {
public:
  struct Options {
    double learning_rate = 0.001;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    bool amsgrad = false;
  };
  Adam() : Adam(Options()) {}
  explicit Adam(const Options &o)
      : Optimizer("adam", {{"learning_rate", o.learning_rate}, {"beta_1", o.beta_1}, {"beta_2", o.beta_2}, {"epsilon", o.epsilon}, {"amsgrad", o.amsgrad}}) {}
};

} // namespace lamina

#endif
