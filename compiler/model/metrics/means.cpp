#include "compiler/model/metrics/kinds.h"
#include "compiler/model/registry.h"
#include "lamina/losses.h"
#include "lamina/ops.h"

#include <cmath>

namespace lamina {
namespace {

using V = const Value &;
using C = const Config &;
using Values = std::function<Value(V targets, V predictions, C arguments)>;

Value mean_from(const Value &x, std::int64_t axis) {
  std::vector<std::int64_t> axes;
  for (; axis < x.rank(); ++axis)
    axes.push_back(axis);
  return axes.empty() ? x : Value(mean(x, axes));
}

/// The sum of a value for each sample, and of their weights.
Value sum_and_weight(const MetricBatch &batch, Value values) {
  Value weights = batch.weights;
  if (!weights.defined()) {
    values = mean_from(values, 1);
    return joined({sum(values), sum(ones_like(values))});
  }
  while (weights.rank() > values.rank())
    weights = squeeze(weights, -1);
  values = mean_from(values, weights.rank());
  weights = weights * ones_like(values);
  return joined({sum(mean_from(values * weights, 1)), sum(mean_from(weights, 1))});
}

std::vector<double> quotient(std::span<const double> sums, C) { return {ratio(sums[0], sums[1])}; }

MetricKind mean_of(std::string class_name, std::string name, std::vector<std::string> aliases, Config arguments,
                   Values values) {
  return {std::move(class_name),
          std::move(name),
          std::move(aliases),
          std::move(arguments),
          {},
          [values](const MetricBatch &batch, C c) {
            return sum_and_weight(batch, values(batch.targets, batch.predictions, c));
          },
          quotient};
}

/// The mean of one of the losses, before it is reduced.
MetricKind loss_of(const std::string &class_name, const std::string &name, std::vector<std::string> aliases = {},
                   Config arguments = Config::dict(), double sign = 1, std::string loss = {}) {
  if (loss.empty())
    loss = class_name;
  return mean_of(class_name, name, std::move(aliases), std::move(arguments), [loss, sign](V t, V p, C c) -> Value {
    Value values = Loss::from_config(serialized("keras.losses", loss, c))(t, p);
    return sign == 1 ? values : Value(sign * values);
  });
}

Value hits(const Value &a, const Value &b, V p) { return cast(equal(a, b), p.dtype()); }

Value binary(V t, V p, double threshold) { return hits(targets_like(t, p), cast(p > threshold, p.dtype()), p); }

Value labels_of(V t, V p) {
  return cast(t.rank() == p.rank() && t.shape().back() == 1 ? Value(squeeze(t, -1)) : t, DType::Int32);
}

Value categorical(V t, V p) { return hits(argmax(t, -1), argmax(p, -1), p); }
Value sparse(V t, V p) { return hits(labels_of(t, p), argmax(p, -1), p); }

/// Whether fewer than k classes have more than the right one.
Value in_top(const Value &labels, V p, std::int64_t k) {
  std::int64_t classes = p.shape().back();
  Value own = sum(one_hot(labels, classes, p.dtype()) * p, -1, true);
  return cast(sum(cast(p > own, DType::Float32), -1) < static_cast<double>(k), p.dtype());
}

Value deviations(const Value &x) { return x - mean(x, -1, true); }

Value pearson(V t_in, V p, C) {
  Value t = deviations(targets_like(t_in, p)), q = deviations(p);
  return mean(t / sqrt(mean(square(t), -1, true)) * (q / sqrt(mean(square(q), -1, true))), -1);
}

// Keras takes both deviations from the mean of the predictions.
Value concordance(V t_in, V p, C) {
  Value t = targets_like(t_in, p), mean_t = mean(t, -1, true), mean_p = mean(p, -1, true);
  Value spread = mean(square(t - mean_t), -1, true) + mean(square(p - mean_p), -1, true) + square(mean_t - mean_p);
  return mean(2.0 * (t - mean_p) * (p - mean_p) / (spread + 1e-7), -1);
}

} // namespace

std::vector<MetricKind> mean_metrics() {
  Config none = Config::dict(), logits{{"from_logits", false}},
         smooth{{"from_logits", false}, {"label_smoothing", 0.0}};
  std::vector<MetricKind> kinds{
      // As an object, it compares; its name alone stands for one of the next three.
      mean_of("Accuracy", "accuracy", {}, none, [](V t, V p, C) -> Value { return hits(targets_like(t, p), p, p); }),
      mean_of("BinaryAccuracy", "binary_accuracy", {}, {{"threshold", 0.5}},
              [](V t, V p, C c) -> Value { return binary(t, p, c["threshold"]); }),
      mean_of("CategoricalAccuracy", "categorical_accuracy", {}, none,
              [](V t, V p, C) -> Value { return categorical(t, p); }),
      mean_of("SparseCategoricalAccuracy", "sparse_categorical_accuracy", {}, none,
              [](V t, V p, C) -> Value { return sparse(t, p); }),
      mean_of("TopKCategoricalAccuracy", "top_k_categorical_accuracy", {}, {{"k", 5}},
              [](V t, V p, C c) -> Value { return in_top(argmax(t, -1), p, c["k"]); }),
      mean_of("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", {},
              {{"k", 5}, {"from_sorted_ids", false}},
              [](V t, V p, C c) -> Value {
                std::int64_t k = c["k"];
                if (!c["from_sorted_ids"].as_bool())
                  return in_top(labels_of(t, p), p, k);
                Value ids = expand_dims(cast(t.rank() == p.rank() ? Value(squeeze(t, -1)) : t, p.dtype()), -1);
                Value first = slice_axis(p, -1, 0, std::min<std::int64_t>(k, p.shape().back()));
                return max(cast(equal(first, ids), p.dtype()), -1);
              }),
      loss_of("MeanSquaredError", "mean_squared_error", {"mse", "MSE"}),
      loss_of("MeanAbsoluteError", "mean_absolute_error", {"mae", "MAE"}),
      loss_of("MeanAbsolutePercentageError", "mean_absolute_percentage_error", {"mape", "MAPE"}),
      loss_of("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", {"msle", "MSLE"}),
      loss_of("CosineSimilarity", "cosine_similarity", {}, none, -1),
      loss_of("LogCoshError", "logcosh", {"log_cosh_error"}, none, 1, "LogCosh"),
      loss_of("Hinge", "hinge"),
      loss_of("SquaredHinge", "squared_hinge"),
      loss_of("CategoricalHinge", "categorical_hinge"),
      loss_of("KLDivergence", "kl_divergence"),
      loss_of("Poisson", "poisson"),
      loss_of("BinaryCrossentropy", "binary_crossentropy", {"bce", "BCE"}, smooth),
      loss_of("CategoricalCrossentropy", "categorical_crossentropy", {}, smooth),
      loss_of("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {}, logits),
      mean_of("PearsonCorrelation", "pearson_correlation", {}, none, pearson),
      mean_of("ConcordanceCorrelation", "concordance_correlation", {}, none, concordance),
  };
  MetricKind root = mean_of("RootMeanSquaredError", "root_mean_squared_error", {}, none,
                            [](V t, V p, C) -> Value { return square(p - targets_like(t, p)); });
  root.results = [](std::span<const double> sums, C) {
    return std::vector<double>{std::sqrt(ratio(sums[0], sums[1]))};
  };
  kinds.push_back(root);
  // What a bare "accuracy" means depends on the shapes.
  kinds.push_back(mean_of("accuracy", "accuracy", {"acc"}, none, [](V t, V p, C) -> Value {
    bool one_output = p.rank() < 2 || p.shape().back() == 1;
    bool indices = t.rank() < p.rank() || (t.shape().back() == 1 && !one_output);
    return one_output ? binary(t, p, 0.5) : indices ? sparse(t, p) : categorical(t, p);
  }));
  return kinds;
}

} // namespace lamina
