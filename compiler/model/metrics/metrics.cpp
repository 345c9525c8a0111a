#include "lamina/metrics.h"

#include "compiler/model/entropies.h"
#include "compiler/model/metrics/kinds.h"
#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/ops.h"

#include <algorithm>

namespace lamina {
namespace {

const std::vector<MetricKind> &kinds() {
  static const std::vector<MetricKind> all = [] {
    std::vector<MetricKind> result = mean_metrics();
    for (auto more : {confusion_metrics(), agreement_metrics()})
      result.insert(result.end(), more.begin(), more.end());
    return result;
  }();
  return all;
}

const MetricKind &kind_of(const std::string &name) {
  // "accuracy" is the choice between the accuracies, "Accuracy" with arguments one of them.
  for (const MetricKind &kind : kinds())
    if (name == kind.class_name)
      return kind;
  for (const MetricKind &kind : kinds())
    if (name == kind.name || std::find(kind.aliases.begin(), kind.aliases.end(), name) != kind.aliases.end())
      return kind;
  std::vector<std::string> known;
  for (const MetricKind &kind : kinds())
    known.push_back(kind.name);
  throw unknown("metric", name, known);
}

} // namespace

Value targets_like(const Value &targets, const Value &predictions) {
  Value t = aligned(cast(targets, predictions.dtype()), predictions);
  if (t.rank() != predictions.rank())
    throw Error("the targets have shape " + t.shape().str() + ", the model gives " + predictions.shape().str());
  return t;
}

Value weights_like(const Value &weights, const Value &x) {
  Value w = weights;
  while (w.rank() > x.rank())
    w = squeeze(w, -1);
  while (w.rank() < x.rank())
    w = expand_dims(w, -1);
  return w;
}

Value joined(const std::vector<Value> &parts) {
  Values flat;
  for (const Value &part : parts)
    flat.push_back(reshape(cast(part, DType::Float32), std::vector<std::int64_t>{-1}));
  return flat.size() == 1 ? flat[0] : concatenate(flat, 0);
}

Metric::Metric(const std::string &name, const Config &arguments) : name_(name) {
  const MetricKind &kind = kind_of(name);
  kind_ = kind.class_name;
  config_ = name;
  arguments_ = kind.arguments;
  if (arguments.size() == 0 && kind.required.empty())
    return;
  name_ = kind.name;
  for (const auto &[key, value] : arguments.as_dict()) {
    if (key == "name")
      name_ = value.is_null() ? name_ : value.as_string();
    else if (arguments_.contains(key) ||
             std::find(kind.required.begin(), kind.required.end(), key) != kind.required.end())
      arguments_.set(key, value);
    else if (key != "dtype" && !value.is_null() && !(key == "axis" && value == Config(-1)))
      throw Error("metric '" + name_ + "' has no argument '" + key + "'");
  }
  for (const std::string &key : kind.required)
    if (!arguments_.contains(key))
      throw Error("metric '" + name_ + "' needs " + key);
  Config all = arguments_;
  all.set("name", name_);
  config_ = serialized("keras.metrics", kind_, all);
}

Metric Metric::from_config(const Config &config) {
  if (config.is_string())
    return Metric(config.as_string());
  auto [name, arguments] = class_and_config(config, "metric");
  // A function of Keras's, by its name.
  if (name == "function" && config.contains("config") && config["config"].is_string())
    return Metric(config["config"].as_string());
  Metric metric(name, arguments);
  metric.config_ = config;
  return metric;
}

Value Metric::sums(const Value &y_true, const Value &y_pred, const Value &sample_weight) const {
  MetricBatch batch{y_true, y_pred, sample_weight};
  // As in Keras, a mask counts where weights do.
  if (Value mask = y_pred.graph().mask(y_pred); mask.defined() && sample_weight.defined())
    batch.weights = cast(mask, DType::Float32) * weights_like(sample_weight, mask);
  try {
    return kind_of(kind_).statistics(batch, arguments_);
  } catch (const Error &error) {
    throw Error("metric '" + name_ + "': " + error.what());
  }
}

std::vector<std::pair<std::string, double>> Metric::results(const std::vector<double> &sums) const {
  std::vector<double> values = kind_of(kind_).results(sums, arguments_);
  if (values.size() == 1)
    return {{name_, values[0]}};
  std::vector<std::pair<std::string, double>> result;
  for (std::size_t i = 0; i < values.size(); ++i)
    result.emplace_back(name_ + "_" + std::to_string(i), values[i]);
  return result;
}

std::vector<KnownClass> known_metrics() {
  std::vector<KnownClass> classes;
  for (const MetricKind &kind : kinds()) {
    std::vector<std::string> arguments = kind.required;
    for (const std::string &key : keys_of(kind.arguments))
      arguments.push_back(key);
    classes.push_back({kind.class_name, arguments});
  }
  return classes;
}

} // namespace lamina
