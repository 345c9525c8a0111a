#include "lamina/metrics.h"

#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/losses.h"
#include "lamina/ops.h"

#include <algorithm>

namespace lamina {
namespace {

const std::vector<std::string> &accuracies() {
  static const std::vector<std::string> names{"accuracy", "acc", "binary_accuracy", "categorical_accuracy",
                                              "sparse_categorical_accuracy"};
  return names;
}

Value class_of(const Value &x) { return argmax(x, -1); }

/// 1 where the prediction is right, one value for each sample.
Value matches(const std::string &name, const Value &t, const Value &p) {
  bool one_output = p.shape().rank() < 2 || p.shape().back() == 1;
  bool indices = t.rank() < p.rank() || (t.shape().back() == 1 && !one_output);
  if (name == "binary_accuracy" ||
      (name != "categorical_accuracy" && name != "sparse_categorical_accuracy" && one_output)) {
    Value target = t.rank() < p.rank() ? Value(expand_dims(t, -1)) : t;
    return mean(cast(equal(cast(target, p.dtype()), cast(p > 0.5, p.dtype())), p.dtype()), -1);
  }
  if (name == "sparse_categorical_accuracy" || (name != "categorical_accuracy" && indices)) {
    Value labels = t.rank() == p.rank() ? Value(squeeze(t, -1)) : t;
    return cast(equal(cast(labels, DType::Int32), class_of(p)), p.dtype());
  }
  return cast(equal(class_of(t), class_of(p)), p.dtype());
}

} // namespace

Metric::Metric(const std::string &name) : name_(name) {
  if (std::find(accuracies().begin(), accuracies().end(), name) != accuracies().end())
    return;
  try {
    Loss loss(name);
  } catch (const Error &) {
    std::vector<std::string> known = accuracies(), more = losses::names();
    known.insert(known.end(), more.begin(), more.end());
    throw unknown("metric", name, known);
  }
}

std::pair<Value, Value> Metric::operator()(const Value &t, const Value &p, const Value &sample_weight) const {
  bool accuracy = std::find(accuracies().begin(), accuracies().end(), name_) != accuracies().end();
  Value values = accuracy ? matches(name_, t, p) : Loss(name_)(t, p);
  Value weights = sample_weight;
  if (Value mask = p.graph().mask(p); mask.defined() && mask.rank() <= values.rank()) {
    Value kept = cast(mask, values.dtype());
    while (kept.rank() < values.rank())
      kept = expand_dims(kept, -1);
    if (weights.defined()) {
      while (weights.rank() < kept.rank())
        weights = expand_dims(weights, -1);
      kept = kept * weights;
    }
    weights = kept;
  }
  if (!weights.defined())
    return {sum(values), sum(ones_like(values))};
  while (weights.rank() > values.rank())
    weights = squeeze(weights, -1);
  while (weights.rank() < values.rank())
    weights = expand_dims(weights, -1);
  return {sum(values * weights), sum(weights * ones_like(values))};
}

std::vector<KnownClass> known_metrics() {
  std::vector<KnownClass> classes;
  for (const std::string &name : accuracies())
    classes.push_back({name, {}});
  for (const std::string &name : losses::names())
    classes.push_back({name, {}});
  return classes;
}

} // namespace lamina
