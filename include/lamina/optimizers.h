#ifndef LAMINA_OPTIMIZERS_H
#define LAMINA_OPTIMIZERS_H

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lamina/config.h>
#include <lamina/value.h>
#include <lamina/variable.h>

namespace lamina {

/// A learning rate: a number, or a schedule over the iterations.
class LearningRate {
public:
  LearningRate(double rate) : config_(rate) {}
  /// A serialized schedule of Keras.
  LearningRate(const Config &schedule) : config_(schedule) {}
  const Config &config() const { return config_; }

private:
  Config config_;
};

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
  /// Errors: a learning rate schedule; several optimizers.
  double learning_rate() const;
  void set_learning_rate(double learning_rate) const;
  std::int64_t iterations() const;
  /// The optimizers inside by their places in files: "inner_optimizer", or "optimizers/adam", "optimizers/adam_1".
  std::vector<std::pair<std::string, Optimizer>> inner() const;

  /// Makes the state for these weights, once.
  void build(const std::vector<Variable> &weights) const;
  bool built() const;
  /// iteration, learning_rate (without a schedule), then the state of all weights, in the order of Keras's
  /// optimizer/vars.
  std::vector<Variable> variables() const;

  /// The loss whose gradients `apply` takes: the loss times the scale, if there is one.
  Value scaled(trace::Graph &graph, const Value &loss) const;
  /// One step inside a traced function: sets the weights and the state.
  void apply(trace::Graph &graph, const std::vector<Variable> &weights, const Values &gradients) const;
  /// Ends the training: with use_ema the weights become their moving averages.
  void finalize(const std::vector<Variable> &weights) const;

  bool operator==(const Optimizer &other) const { return state_ == other.state_; }
  struct State;

protected:
  explicit Optimizer(std::shared_ptr<State> state);

private:
  std::shared_ptr<State> state_;
};

/// As Optimizer(name, arguments): make_optimizer("sgd", {{"learning_rate", 0.1}}).
Optimizer make_optimizer(const std::string &name, const Config &arguments = Config::dict());

namespace schedules {
/// initial · rate^(iteration / steps), in whole powers with `staircase`.
LearningRate exponential_decay(double initial_learning_rate, double decay_steps, double decay_rate,
                               bool staircase = false);
/// initial / (1 + rate · iteration / steps)
LearningRate inverse_time_decay(double initial_learning_rate, double decay_steps, double decay_rate,
                                bool staircase = false);
/// values[i] up to and with iteration boundaries[i], then values[i + 1].
LearningRate piecewise_constant_decay(std::vector<double> boundaries, std::vector<double> values);
/// (initial - end)(1 - iteration / steps)^power + end; `cycle` starts again.
LearningRate polynomial_decay(double initial_learning_rate, double decay_steps, double end_learning_rate = 1e-4,
                              double power = 1.0, bool cycle = false);
/// From initial along half a cosine to alpha · initial. Loshchilov and Hutter, 2016.
LearningRate cosine_decay(double initial_learning_rate, double decay_steps, double alpha = 0.0,
                          std::optional<double> warmup_target = {}, double warmup_steps = 0);
/// The same again and again, each time t_mul as long and m_mul as high.
LearningRate cosine_decay_restarts(double initial_learning_rate, double first_decay_steps, double t_mul = 2.0,
                                   double m_mul = 1.0, double alpha = 0.0);
} // namespace schedules

/// Arguments of every optimizer: decay of the weights by learning_rate · weight_decay in each step, limits of the
/// gradients (at most one of the three), moving averages of the weights, and updates from the mean of several steps'
/// gradients.
#define LAMINA_OPTIMIZER_ARGUMENTS                                                                                     \
  std::optional<double> clipnorm = {};                                                                                 \
  std::optional<double> clipvalue = {};                                                                                \
  std::optional<double> global_clipnorm = {};                                                                          \
  bool use_ema = false;                                                                                                \
  double ema_momentum = 0.99;                                                                                          \
  std::optional<int> ema_overwrite_frequency = {};                                                                     \
  std::optional<double> loss_scale_factor = {};                                                                        \
  std::optional<int> gradient_accumulation_steps = {};

namespace detail {

/// An optimizer's own arguments and the common ones.
template <typename Options> Config optimizer_arguments(const Options &o, Config own) {
  own.set("learning_rate", o.learning_rate.config());
  own.set("weight_decay", Config(o.weight_decay));
  own.set("clipnorm", Config(o.clipnorm));
  own.set("clipvalue", Config(o.clipvalue));
  own.set("global_clipnorm", Config(o.global_clipnorm));
  own.set("use_ema", o.use_ema);
  own.set("ema_momentum", o.ema_momentum);
  own.set("ema_overwrite_frequency", Config(o.ema_overwrite_frequency));
  own.set("loss_scale_factor", Config(o.loss_scale_factor));
  own.set("gradient_accumulation_steps", Config(o.gradient_accumulation_steps));
  return own;
}

} // namespace detail

/// m ← momentum · m - η g,  w ← w + m;  with nesterov w ← w + momentum · m - η g.
class SGD : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.01;
    double momentum = 0.0;
    bool nesterov = false;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  SGD() : SGD(Options()) {}
  explicit SGD(const Options &o)
      : Optimizer("sgd", detail::optimizer_arguments(o, {{"momentum", o.momentum}, {"nesterov", o.nesterov}})) {}
};

/// m ← m + (g - m)(1 - β₁),  v ← v + (g² - v)(1 - β₂),  w ← w - η √(1 - β₂ᵗ)/(1 - β₁ᵗ) · m/(√v + ε). Kingma and Ba,
/// 2014.
class Adam : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    bool amsgrad = false;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Adam() : Adam(Options()) {}
  explicit Adam(const Options &o) : Adam("adam", o, o.weight_decay) {}

protected:
  template <typename O> Adam(const char *name, const O &o, std::optional<double>)
      : Optimizer(
            name,
            detail::optimizer_arguments(
                o, {{"beta_1", o.beta_1}, {"beta_2", o.beta_2}, {"epsilon", o.epsilon}, {"amsgrad", o.amsgrad}})) {}
};

/// Adam whose weights decay by η · weight_decay in each step. Loshchilov and Hutter, 2017.
class AdamW : public Adam {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double weight_decay = 0.004;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    bool amsgrad = false;
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  AdamW() : AdamW(Options()) {}
  explicit AdamW(const Options &o) : Adam("adamw", o, o.weight_decay) {}
};

/// v ← ρ v + (1 - ρ) g²,  w ← w - η g / √(v + ε); centered: v less the square of the mean gradient. Hinton, 2012.
class RMSprop : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double rho = 0.9;
    double momentum = 0.0;
    double epsilon = 1e-7;
    bool centered = false;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  RMSprop() : RMSprop(Options()) {}
  explicit RMSprop(const Options &o)
      : Optimizer(
            "rmsprop",
            detail::optimizer_arguments(
                o, {{"rho", o.rho}, {"momentum", o.momentum}, {"epsilon", o.epsilon}, {"centered", o.centered}})) {}
};

/// a ← a + g²,  w ← w - η g / √(a + ε). Duchi, Hazan and Singer, 2011.
class Adagrad : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double initial_accumulator_value = 0.1;
    double epsilon = 1e-7;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Adagrad() : Adagrad(Options()) {}
  explicit Adagrad(const Options &o)
      : Optimizer("adagrad", detail::optimizer_arguments(o, {{"initial_accumulator_value", o.initial_accumulator_value},
                                                             {"epsilon", o.epsilon}})) {}
};

/// Δ = -√(d + ε)/√(a + ε) · g,  w ← w + η Δ, with running means a of g² and d of Δ². Zeiler, 2012.
class Adadelta : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double rho = 0.95;
    double epsilon = 1e-7;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Adadelta() : Adadelta(Options()) {}
  explicit Adadelta(const Options &o)
      : Optimizer("adadelta", detail::optimizer_arguments(o, {{"rho", o.rho}, {"epsilon", o.epsilon}})) {}
};

/// Adam with the largest gradient in the place of the second moment: u ← max(β₂ u, |g|). Kingma and Ba, 2014.
class Adamax : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Adamax() : Adamax(Options()) {}
  explicit Adamax(const Options &o)
      : Optimizer("adamax", detail::optimizer_arguments(
                                o, {{"beta_1", o.beta_1}, {"beta_2", o.beta_2}, {"epsilon", o.epsilon}})) {}
};

/// Adam with Nesterov's momentum. Dozat, 2015.
class Nadam : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-7;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Nadam() : Nadam(Options()) {}
  explicit Nadam(const Options &o)
      : Optimizer("nadam", detail::optimizer_arguments(
                               o, {{"beta_1", o.beta_1}, {"beta_2", o.beta_2}, {"epsilon", o.epsilon}})) {}
};

/// w ← w - η sign(β₁ m + (1 - β₁) g),  m ← β₂ m + (1 - β₂) g. Chen et al., 2023.
class Lion : public Optimizer {
public:
  struct Options {
    LearningRate learning_rate = 0.001;
    double beta_1 = 0.9;
    double beta_2 = 0.99;
    std::optional<double> weight_decay = {};
    LAMINA_OPTIMIZER_ARGUMENTS
  };
  Lion() : Lion(Options()) {}
  explicit Lion(const Options &o)
      : Optimizer("lion", detail::optimizer_arguments(o, {{"beta_1", o.beta_1}, {"beta_2", o.beta_2}})) {}
};

/// For gradients of 16 bits: the inner optimizer's step with gradients of the loss times a scale, divided by it again.
/// A step with a gradient that is not finite changes nothing but the scale, which it halves; dynamic_growth_steps
/// other steps in a row double it. Keras: optimizers.LossScaleOptimizer.
class LossScaleOptimizer : public Optimizer {
public:
  struct Options {
    double initial_scale = 32768.0;
    std::int64_t dynamic_growth_steps = 2000;
  };
  explicit LossScaleOptimizer(const Optimizer &inner) : LossScaleOptimizer(inner, Options()) {}
  LossScaleOptimizer(const Optimizer &inner, const Options &options);
};

/// Some weights follow one optimizer, others another: `MultiOptimizer(SGD(), {{"encoder/.*", Adam()}})`. A weight's
/// optimizer is that of its path, or of the one regular expression that matches its whole path, or the first.
/// Errors: wrapping optimizers inside; a weight that two expressions match. Keras: optimizers.MultiOptimizer of an
/// OptimizerMap.
class MultiOptimizer : public Optimizer {
public:
  using Map = std::vector<std::pair<std::string, Optimizer>>;
  explicit MultiOptimizer(const Optimizer &standard, const Map &map = {}, std::optional<double> loss_scale_factor = {});
};

#undef LAMINA_OPTIMIZER_ARGUMENTS

} // namespace lamina

#endif
