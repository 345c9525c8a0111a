// What metrics are made of: sums over a batch, which add up over the batches of an epoch, and what follows from them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lamina/config.h"
#include "lamina/value.h"

namespace lamina {

/// One output's part of a batch; the weights have its leading axes, or are not there.
struct MetricBatch {
  Value targets, predictions, weights;
};

struct MetricKind {
  std::string class_name, name; ///< "AUC", "auc"
  std::vector<std::string> aliases;
  Config arguments; ///< those beside the name, as Keras has them by default; required ones are missing
  std::vector<std::string> required;
  /// A vector.
  std::function<Value(const MetricBatch &batch, const Config &arguments)> statistics;
  /// Of the sums over all batches: one number, or one for each class or threshold.
  std::function<std::vector<double>(std::span<const double> sums, const Config &arguments)> results;
};

/// Weighted means of a value for each sample.
std::vector<MetricKind> mean_metrics();
/// Counts of true and false, positives and negatives, at thresholds.
std::vector<MetricKind> confusion_metrics();
/// F-scores, intersections over unions, the coefficient of determination.
std::vector<MetricKind> agreement_metrics();

/// y_true as y_pred's type, with an axis of size 1 more or less where only that tells their ranks apart.
Value targets_like(const Value &targets, const Value &predictions);
/// The weights with axes of size 1 behind their own, as many as x has.
Value weights_like(const Value &weights, const Value &x);
/// Vectors, and tensors as such, one behind the other.
Value joined(const std::vector<Value> &parts);
inline double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

} // namespace lamina
