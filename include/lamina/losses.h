#ifndef LAMINA_LOSSES_H
#define LAMINA_LOSSES_H

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <lamina/config.h>
#include <lamina/value.h>

namespace lamina {

/// What training makes small: one of Keras's losses by name ("mean_squared_error", "mse", "MeanSquaredError") or
/// configuration, or a function (y_true, y_pred) → one value a sample.
/// Errors: an unknown name, with the names that are known.
class Loss {
public:
  using Function = std::function<Value(const Value &y_true, const Value &y_pred, const Config &arguments)>;

  Loss(const char *name) : Loss(std::string(name)) {}
  Loss(const std::string &name);
  template <typename F>
    requires std::is_invocable_r_v<Value, F, const Value &, const Value &>
  Loss(F function)
      : config_("custom"),
        function_([function](const Value &t, const Value &p, const Config &) -> Value { return function(t, p); }) {}
  static Loss from_config(const Config &config);
  /// What an output has that is not trained.
  static Loss none() { return {}; }
  bool defined() const { return static_cast<bool>(function_); }

  /// One value for each element but the last axis.
  Value operator()(const Value &y_true, const Value &y_pred) const;
  /// The weighted mean over the batch, a scalar; a mask of y_pred leaves its elements out.
  Value reduced(const Value &y_true, const Value &y_pred, const Value &sample_weight) const;

  /// A name or a serialized object, as compile_config has it.
  const Config &get_config() const { return config_; }
  /// "mean_squared_error"
  const std::string &name() const { return name_; }
  /// Whether y_true holds class indices.
  bool sparse() const { return name_ == "sparse_categorical_crossentropy"; }

private:
  Loss() : name_("none") {}
  Config config_;
  Config arguments_ = Config::dict();
  std::string name_ = "custom";
  std::string reduction_ = "sum_over_batch_size";
  Function function_;
};

namespace losses {
Loss mean_squared_error();
Loss mean_absolute_error();
Loss huber(double delta = 1.0);
Loss binary_crossentropy(bool from_logits = false, double label_smoothing = 0.0);
Loss categorical_crossentropy(bool from_logits = false, double label_smoothing = 0.0);
Loss sparse_categorical_crossentropy(bool from_logits = false);
/// The snake-case names that Loss knows.
std::vector<std::string> names();
} // namespace losses

/// The losses of a model: one for all outputs, or one for each, in order or by the name of its layer.
class LossList : public std::vector<Loss> {
public:
  LossList() = default;
  LossList(const char *name) : vector{Loss(name)} {}
  LossList(const std::string &name) : vector{Loss(name)} {}
  LossList(const Loss &loss) : vector{loss} {}
  LossList(std::initializer_list<Loss> losses) : vector(losses) {}
  LossList(const std::vector<Loss> &losses) : vector(losses) {}
  static LossList named(const std::vector<std::pair<std::string, Loss>> &losses);
  /// As compile_config has it: null, a loss, a list or a dict of losses.
  static LossList from_config(const Config &config);

  /// Each output's, by the outputs' names. Errors: another number of losses, a name that no output has.
  std::vector<Loss> resolve(const std::vector<std::string> &outputs) const;
  Config get_config() const;
  /// Empty where losses go by their order.
  const std::vector<std::string> &names() const { return names_; }

private:
  std::vector<std::string> names_;
};

} // namespace lamina

#endif
