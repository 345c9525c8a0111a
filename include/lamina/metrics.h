#ifndef LAMINA_METRICS_H
#define LAMINA_METRICS_H

#include <string>
#include <utility>
#include <vector>

#include <lamina/config.h>
#include <lamina/value.h>

namespace lamina {

/// What training reports beside the loss, over all samples of an epoch: one of Keras's metrics by name ("accuracy",
/// which looks at the shapes, "mae", "AUC", "top_k_categorical_accuracy" …), by class with arguments
/// (`Metric("Precision", {{"thresholds", 0.7}})`), or by configuration. `lamina list metrics` has all of them.
///
/// A metric is sums over a batch, which add up over batches, and a function of the totals. One that gives a number for
/// each class or threshold is reported as name_0, name_1 … Errors: an unknown name or argument, a missing argument.
/// Keras: metrics.Metric.
class Metric {
public:
  Metric(const char *name) : Metric(std::string(name)) {}
  Metric(const std::string &name) : Metric(name, Config::dict()) {}
  Metric(const std::string &name, const Config &arguments);
  static Metric from_config(const Config &config);

  const std::string &name() const { return name_; }
  /// A name or a serialized object, as compile_config has it.
  const Config &get_config() const { return config_; }
  /// What a batch adds to the sums, a vector. The weights, if there are any, have y_pred's leading axes.
  Value sums(const Value &y_true, const Value &y_pred, const Value &sample_weight) const;
  /// What the report says of the sums over all batches.
  std::vector<std::pair<std::string, double>> results(const std::vector<double> &sums) const;

private:
  std::string kind_, name_;
  Config config_, arguments_;
};

class MetricList : public std::vector<Metric> {
public:
  MetricList() = default;
  MetricList(std::initializer_list<Metric> metrics) : vector(metrics) {}
  MetricList(const std::vector<std::string> &names) : vector(names.begin(), names.end()) {}
  MetricList(const std::vector<Metric> &metrics) : vector(metrics) {}
};

/// The metrics of a model: those of its one output, or of each output in order or by its layer's name. A plain list
/// for several outputs has one metric for each. `.metrics = {"accuracy", "mae"}`,
/// `.metrics = OutputMetrics::of({{"accuracy"}, {}})`, `.metrics = OutputMetrics::named({{"price", {"mae"}}})`.
class OutputMetrics {
public:
  OutputMetrics() = default;
  OutputMetrics(std::initializer_list<Metric> metrics) : OutputMetrics(MetricList(metrics)) {}
  OutputMetrics(const std::vector<std::string> &names) : OutputMetrics(MetricList(names)) {}
  OutputMetrics(const std::vector<Metric> &metrics) : OutputMetrics(MetricList(metrics)) {}
  OutputMetrics(const MetricList &metrics);
  static OutputMetrics of(const std::vector<MetricList> &outputs);
  static OutputMetrics named(const std::vector<std::pair<std::string, MetricList>> &outputs);
  /// As compile_config has it: null, a list of metrics, a list of lists, or a dict of lists.
  static OutputMetrics from_config(const Config &config);

  /// Each output's, by the outputs' names. Errors: another number of entries, a name that no output has.
  std::vector<MetricList> resolve(const std::vector<std::string> &outputs) const;
  Config get_config() const;

private:
  enum class Form { Plain, List, Named };
  Form form_ = Form::Plain;
  std::vector<std::pair<std::string, MetricList>> entries_;
};

} // namespace lamina

#endif
