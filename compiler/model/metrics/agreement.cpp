#include "compiler/model/metrics/kinds.h"
#include "lamina/error.h"
#include "lamina/ops.h"

#include <cmath>

namespace lamina {
namespace {

using C = const Config &;
using Sums = std::span<const double>;
constexpr double epsilon = 1e-7;

void check_matrix(const Value &x, const char *metric) {
  if (x.rank() != 2 || x.shape().back() == none)
    throw Error(std::string(metric) + " wants shapes (batch, classes) with a known number of classes, got " +
                x.shape().str());
}

Value weighted(const Value &x, const MetricBatch &batch) {
  return batch.weights.defined() ? Value(x * weights_like(batch.weights, x)) : x;
}

/// True positives, false positives, false negatives and real positives of each class.
Value f_counts(const MetricBatch &batch, C c) {
  const Value &p = batch.predictions;
  Value t = targets_like(batch.targets, p);
  check_matrix(p, "an F-score");
  check_matrix(t, "an F-score");
  Value chosen = c["threshold"].is_null() ? Value(logical_and(p >= max(p, -1, true), abs(p) > 1e-9))
                                          : Value(p > c["threshold"].as_double());
  Value y = cast(chosen, p.dtype());
  Values parts;
  for (const Value &part : {Value(y * t), Value(y * (1.0 - t)), Value((1.0 - y) * t), t})
    parts.push_back(sum(weighted(part, batch), 0));
  return joined(parts);
}

std::vector<double> f_scores(Sums sums, C c) {
  std::size_t classes = sums.size() / 4;
  std::string average = c["average"].is_null() ? "" : c["average"].as_string();
  std::vector<double> all(sums.begin(), sums.end());
  if (average == "micro") {
    std::vector<double> total(4, 0.0);
    for (std::size_t i = 0; i < all.size(); ++i)
      total[i / classes] += all[i];
    all = total;
    classes = 1;
  }
  double beta = c.contains("beta") ? c["beta"].as_double() : 1.0, square = beta * beta, mean = 0, weighted_mean = 0,
         weight = 0;
  std::vector<double> scores;
  for (std::size_t i = 0; i < classes; ++i) {
    double tp = all[i], fp = all[classes + i], fn = all[2 * classes + i];
    double precision = tp / (tp + fp + epsilon), recall = tp / (tp + fn + epsilon);
    scores.push_back((1 + square) * precision * recall / (square * precision + recall + epsilon));
    mean += scores.back() / static_cast<double>(classes);
    weighted_mean += scores.back() * all[3 * classes + i];
    weight += all[3 * classes + i];
  }
  if (average.empty())
    return scores;
  return {average == "weighted" ? weighted_mean / (weight + epsilon) : mean};
}

void check_average(C c) {
  if (c["average"].is_null())
    return;
  std::string average = c["average"];
  if (average != "micro" && average != "macro" && average != "weighted")
    throw Error("average must be none, micro, macro or weighted, got '" + average + "'");
}

MetricKind f_score(std::string class_name, std::string name, Config arguments) {
  return {std::move(class_name),
          std::move(name),
          {},
          std::move(arguments),
          {},
          [](const MetricBatch &batch, C c) {
            check_average(c);
            return f_counts(batch, c);
          },
          f_scores};
}

/// How often each class [true, predicted] met; what lies outside, or is ignored, does not count.
Value meetings(const MetricBatch &batch, C c, std::int64_t classes) {
  auto flag = [&](const char *key, bool otherwise) { return c.contains(key) ? c[key].as_bool() : otherwise; };
  std::int64_t axis = c.contains("axis") ? std::int64_t(c["axis"]) : -1;
  Value t = batch.targets, p = batch.predictions;
  if (c.contains("threshold"))
    p = p >= c["threshold"].as_double();
  // Two classes told apart by a threshold are ids; the one-hot kinds do not have the argument.
  if (!flag("sparse_y_true", c.contains("threshold")))
    t = argmax(t, axis);
  if (!flag("sparse_y_pred", true))
    p = argmax(p, axis);
  Value weights = ones_like(cast(t, DType::Float32));
  // Keras keeps whole numbers.
  if (batch.weights.defined())
    weights = weights * cast(cast(weights_like(batch.weights, t), DType::Int32), DType::Float32);
  t = reshape(cast(t, DType::Int32), std::vector<std::int64_t>{-1});
  p = reshape(cast(p, DType::Int32), std::vector<std::int64_t>{-1});
  weights = reshape(weights, std::vector<std::int64_t>{-1});
  if (c.contains("ignore_class") && !c["ignore_class"].is_null())
    weights = weights * cast(not_equal(t, c["ignore_class"].as_double()), DType::Float32);
  Value rows = one_hot(t, classes, DType::Float32) * expand_dims(weights, -1);
  return joined({dot_general(rows, one_hot(p, classes, DType::Float32), {0}, {0})});
}

std::vector<double> unions(Sums sums, std::int64_t classes, const std::vector<std::int64_t> &targets) {
  double total = 0, valid = 0;
  for (std::int64_t target : targets) {
    double both = 0, either = 0;
    for (std::int64_t i = 0; i < classes; ++i)
      for (std::int64_t j = 0; j < classes; ++j) {
        double n = sums[static_cast<std::size_t>(i * classes + j)];
        both += i == target && j == target ? n : 0;
        either += i == target || j == target ? n : 0;
      }
    if (either > 1e-9) {
      total += both / (either + epsilon);
      valid += 1;
    }
  }
  return {total / (valid + epsilon)};
}

std::int64_t classes_of(C c) {
  std::int64_t classes = c.contains("num_classes") ? std::int64_t(c["num_classes"]) : 2;
  if (classes < 1)
    throw Error("num_classes must be positive, got " + std::to_string(classes));
  return classes;
}

std::vector<std::int64_t> targets_of(C c) {
  std::vector<std::int64_t> targets;
  std::int64_t classes = classes_of(c);
  if (!c.contains("target_class_ids"))
    for (std::int64_t i = 0; i < classes; ++i)
      targets.push_back(i);
  else
    for (const Config &id : c["target_class_ids"].as_list())
      targets.push_back(id);
  for (std::int64_t target : targets)
    if (target < 0 || target >= classes)
      throw Error("target class " + std::to_string(target) + " is none of " + std::to_string(classes));
  return targets;
}

MetricKind iou(std::string class_name, std::string name, Config arguments, std::vector<std::string> required) {
  return {std::move(class_name),
          std::move(name),
          {},
          std::move(arguments),
          std::move(required),
          [](const MetricBatch &batch, C c) {
            targets_of(c);
            return meetings(batch, c, classes_of(c));
          },
          [](Sums sums, C c) { return unions(sums, classes_of(c), targets_of(c)); }};
}

/// Sum, sum of squares, squared residuals and weights of each output; then the number of elements.
Value r2_sums(const MetricBatch &batch, C) {
  const Value &p = batch.predictions;
  Value t = targets_like(batch.targets, p);
  check_matrix(p, "R2Score");
  Values parts;
  for (const Value &part : {t, Value(t * t), Value(square(t - p)), Value(ones_like(t))})
    parts.push_back(sum(weighted(part, batch), 0));
  parts.push_back(sum(ones_like(t)));
  return joined(parts);
}

std::vector<double> r2(Sums sums, C c) {
  std::size_t outputs = (sums.size() - 1) / 4;
  double samples = sums.back(), mean = 0, weighted_mean = 0, weight = 0;
  std::vector<double> scores;
  for (std::size_t i = 0; i < outputs; ++i) {
    double sum = sums[i], total = sums[outputs + i] - sum * (sum / sums[3 * outputs + i]);
    double score = 1 - sums[2 * outputs + i] / total;
    scores.push_back(std::isinf(score) ? 0 : score);
    mean += scores.back() / static_cast<double>(outputs);
    weighted_mean += total * scores.back();
    weight += total;
  }
  if (!c["class_aggregation"].is_null())
    scores = {c["class_aggregation"].as_string() == "uniform_average" ? mean : weighted_mean / weight};
  double regressors = c["num_regressors"];
  if (regressors != 0 && regressors < samples - 1)
    for (double &score : scores)
      score = 1 - (1 - score) * (samples - 1) / (samples - regressors - 1);
  return scores;
}

} // namespace

std::vector<MetricKind> agreement_metrics() {
  Config ids{{"ignore_class", Config()}, {"sparse_y_true", true}, {"sparse_y_pred", true}, {"axis", -1}};
  Config one_hots{{"ignore_class", Config()}, {"sparse_y_pred", false}, {"axis", -1}};
  return {
      f_score("F1Score", "f1_score", {{"average", Config()}, {"threshold", Config()}}),
      f_score("FBetaScore", "fbeta_score", {{"average", Config()}, {"beta", 1.0}, {"threshold", Config()}}),
      iou("IoU", "io_u", ids, {"num_classes", "target_class_ids"}),
      iou("BinaryIoU", "binary_io_u", {{"target_class_ids", Config::list({0, 1})}, {"threshold", 0.5}}, {}),
      iou("MeanIoU", "mean_io_u", ids, {"num_classes"}),
      iou("OneHotIoU", "one_hot_io_u", one_hots, {"num_classes", "target_class_ids"}),
      iou("OneHotMeanIoU", "one_hot_mean_io_u", one_hots, {"num_classes"}),
      {"R2Score", "r2_score", {}, {{"class_aggregation", "uniform_average"}, {"num_regressors", 0}}, {}, r2_sums, r2},
  };
}

} // namespace lamina
