#ifndef LAMINA_METRICS_H
#define LAMINA_METRICS_H

#include <string>
#include <utility>
#include <vector>

#include <lamina/config.h>
#include <lamina/value.h>

namespace lamina {

/// What training reports beside the loss: a weighted mean over all samples of an epoch. By Keras's name: accuracy
/// (which looks at the shapes), binary_accuracy, categorical_accuracy, sparse_categorical_accuracy,
/// top_k_categorical_accuracy, and every loss ("mae", "mse" …). Errors: an unknown name.
class Metric {
public:
  Metric(const char *name) : Metric(std::string(name)) {}
  Metric(const std::string &name);

  const std::string &name() const { return name_; }
  /// Weighted sum and sum of weights of a batch, scalars.
  std::pair<Value, Value> operator()(const Value &y_true, const Value &y_pred, const Value &sample_weight) const;

private:
  std::string name_;
};

class MetricList : public std::vector<Metric> {
public:
  MetricList() = default;
  MetricList(std::initializer_list<const char *> names) : vector(names.begin(), names.end()) {}
  MetricList(const std::vector<std::string> &names) : vector(names.begin(), names.end()) {}
  MetricList(const std::vector<Metric> &metrics) : vector(metrics) {}
};

} // namespace lamina

#endif
