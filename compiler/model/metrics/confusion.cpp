#include "compiler/model/metrics/kinds.h"
#include "lamina/error.h"
#include "lamina/ops.h"
#include "lamina/tensor.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace lamina {
namespace {

using C = const Config &;
using Sums = std::span<const double>;

const Config *given(C arguments, const char *key) {
  const Config *entry = arguments.find(key);
  return entry && !entry->is_null() ? entry : nullptr;
}

/// A number, or a list of numbers, which files may hold as an array.
std::vector<double> numbers(C value) {
  if (value.is_dict())
    return numbers(value["config"]["value"]);
  if (!value.is_list())
    return {value.as_double()};
  std::vector<double> result;
  for (const Config &item : value.as_list())
    result.push_back(item.as_double());
  return result;
}

std::vector<double> evenly(std::int64_t count) {
  std::vector<double> result;
  for (std::int64_t i = 1; i + 1 < count; ++i)
    result.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  return result;
}

constexpr double nothing = -1e10; ///< what the predictions that do not count become, and the threshold above it

std::vector<double> own_thresholds(C c) {
  const Config *thresholds = given(c, "thresholds");
  if (!thresholds)
    return {given(c, "top_k") ? nothing : 0.5};
  std::vector<double> result = numbers(*thresholds);
  for (double threshold : result)
    if (!(threshold >= 0 && threshold <= 1))
      throw Error("thresholds must be from 0 to 1, got " + thresholds->str());
  return result;
}

std::int64_t count_of(C c, std::int64_t least) {
  std::int64_t count = c["num_thresholds"];
  if (count < least)
    throw Error("num_thresholds must be at least " + std::to_string(least) + ", got " + std::to_string(count));
  return count;
}

std::vector<double> curve_thresholds(C c) {
  const Config *thresholds = given(c, "thresholds");
  std::vector<double> result = thresholds ? numbers(*thresholds) : evenly(count_of(c, 2));
  std::sort(result.begin(), result.end());
  constexpr double margin = 1e-7;
  result.insert(result.begin(), -margin);
  result.push_back(1 + margin);
  return result;
}

std::vector<double> searched_thresholds(C c) {
  std::int64_t count = count_of(c, 1);
  if (count == 1)
    return {0.5};
  std::vector<double> result = evenly(count);
  result.insert(result.begin(), 0.0);
  result.push_back(1.0);
  return result;
}

/// The k largest of the last axis, of equal ones the first; the others become `nothing`.
Value only_top(const Value &x, std::int64_t k) {
  std::int64_t size = x.shape().back();
  if (size == none)
    throw Error("top_k needs a known number of classes, the model gives " + x.shape().str());
  Value other = expand_dims(x, -2), own = expand_dims(x, -1);
  Value earlier(constant(x.graph(), [&] {
    Tensor order = Tensor::zeros({size, size}, DType::Float32);
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t j = 0; j < i; ++j)
        order.at<float>(i, j) = 1;
    return order;
  }()));
  Value before = cast(other > own, DType::Float32) + cast(equal(other, own), DType::Float32) * earlier;
  return where(sum(before, -1) < static_cast<double>(k), x, nothing);
}

/// Weighted counts at each threshold: true positives, false positives, true negatives, false negatives. Where labels
/// are counted apart, [4, thresholds, labels].
Value counts(const MetricBatch &batch, C c, const std::vector<double> &thresholds, bool curve) {
  Value p = batch.predictions;
  if (const Config *logits = given(c, "from_logits"); logits && logits->as_bool())
    p = sigmoid(p);
  if (curve)
    p = clip(p, 0.0, 1.0);
  Value t = targets_like(batch.targets, p);
  if (const Config *k = given(c, "top_k"))
    p = only_top(p, *k);
  if (const Config *id = given(c, "class_id")) {
    std::int64_t i = *id;
    if (p.rank() < 2 || i < 0 || (p.shape().back() != none && i >= p.shape().back()))
      throw Error("class_id " + std::to_string(i) + " is none of the classes of " + p.shape().str());
    p = slice_axis(p, -1, i, i + 1);
    t = slice_axis(t, -1, i, i + 1);
  }
  const Config *multi = given(c, "multi_label");
  bool apart = multi && multi->as_bool();
  if (apart && (p.rank() != 2 || p.shape().back() == none))
    throw Error("multi_label wants predictions of shape (batch, labels), got " + p.shape().str());
  Value w = ones_like(p);
  if (batch.weights.defined())
    w = w * weights_like(batch.weights, p);
  if (const Config *labels = given(c, "label_weights"); labels && !apart) {
    std::vector<double> values = numbers(*labels);
    w = w * constant(p.graph(), Tensor(std::vector<float>(values.begin(), values.end())));
  }
  std::vector<std::int64_t> flat{-1};
  if (apart)
    flat.push_back(p.shape().back());
  Value real = reshape(cast(not_equal(t, 0.0), p.dtype()) * w, flat), all = reshape(w, flat), score = reshape(p, flat);
  Tensor levels(Shape(apart ? std::vector<std::int64_t>{static_cast<std::int64_t>(thresholds.size()), 1, 1}
                            : std::vector<std::int64_t>{static_cast<std::int64_t>(thresholds.size()), 1}),
                DType::Float32);
  std::copy(thresholds.begin(), thresholds.end(), levels.values<float>().begin());
  Value above = expand_dims(score, 0) > constant(p.graph(), levels);
  Value tp = sum(where(above, expand_dims(real, 0), 0.0), 1);
  Value fp = sum(where(above, expand_dims(all - real, 0), 0.0), 1);
  Value tn = sum(all - real, 0) - fp, fn = sum(real, 0) - tp;
  return joined({tp, fp, tn, fn});
}

/// The four rows of counts, each of n.
struct Counts {
  explicit Counts(Sums sums)
      : n(sums.size() / 4), tp(row(sums, 0)), fp(row(sums, 1)), tn(row(sums, 2)), fn(row(sums, 3)) {}
  Sums row(Sums sums, std::size_t i) const { return sums.subspan(i * n, n); }
  double precision(std::size_t i) const { return ratio(tp[i], tp[i] + fp[i]); }
  double recall(std::size_t i) const { return ratio(tp[i], tp[i] + fn[i]); }
  double specificity(std::size_t i) const { return ratio(tn[i], tn[i] + fp[i]); }
  std::size_t n;
  Sums tp, fp, tn, fn;
};

using Measure = double (*)(const Counts &, std::size_t);

MetricKind at_thresholds(std::string class_name, std::string name, Config arguments, Measure measure) {
  return {std::move(class_name),
          std::move(name),
          {},
          std::move(arguments),
          {},
          [](const MetricBatch &batch, C c) { return counts(batch, c, own_thresholds(c), false); },
          [measure](Sums sums, C) {
            Counts counts(sums);
            std::vector<double> result;
            for (std::size_t i = 0; i < counts.n; ++i)
              result.push_back(measure(counts, i));
            return result;
          }};
}

/// The best of one measure where another is at least what the argument says.
MetricKind best_where(std::string class_name, std::string name, const char *argument, Measure bound, Measure best) {
  return {std::move(class_name),
          std::move(name),
          {},
          {{"num_thresholds", 200}, {"class_id", Config()}},
          {argument},
          [](const MetricBatch &batch, C c) { return counts(batch, c, searched_thresholds(c), true); },
          [=](Sums sums, C c) {
            Counts counts(sums);
            double result = 0, least = c[argument];
            for (std::size_t i = 0; i < counts.n; ++i)
              if (bound(counts, i) >= least)
                result = std::max(result, best(counts, i));
            return std::vector<double>{result};
          }};
}

/// Between two points of the curve of precision by recall, precision is no line (Davis and Goadrich, 2006).
double area_of_precisions(const Counts &k, const std::vector<std::size_t> &at) {
  double area = 0;
  for (std::size_t s = 0; s + 1 < at.size(); ++s) {
    std::size_t i = at[s], j = at[s + 1];
    double p = k.tp[i] + k.fp[i], q = k.tp[j] + k.fp[j], gained = k.tp[i] - k.tp[j];
    double slope = ratio(gained, std::max(p - q, 0.0)), start = k.tp[j] - slope * q;
    double growth = p > 0 && q > 0 ? p / q : 1;
    area += ratio(slope * (gained + start * std::log(growth)), std::max(k.tp[j] + k.fn[j], 0.0));
  }
  return area;
}

double area(const Counts &k, const std::vector<std::size_t> &at, const std::string &curve, const std::string &method) {
  if (curve == "PR" && method == "interpolation")
    return area_of_precisions(k, at);
  auto point = [&](std::size_t i) -> std::array<double, 2> {
    if (curve == "ROC")
      return {ratio(k.fp[i], k.fp[i] + k.tn[i]), k.recall(i)};
    if (curve == "PR")
      return {k.recall(i), k.precision(i)};
    // Gains over the precision of always saying yes (Flach and Kull, 2015).
    double scale = ratio(k.tp[i] + k.fn[i], k.tn[i] + k.fp[i]);
    if (k.tp[i] == 0)
      return {0, 1};
    return {std::max(0.0, 1 - scale * k.fn[i] / k.tp[i]), 1 - scale * k.fp[i] / k.tp[i]};
  };
  double sum = 0;
  for (std::size_t s = 0; s + 1 < at.size(); ++s) {
    auto [x, y] = point(at[s]);
    auto [next_x, next_y] = point(at[s + 1]);
    double height = method == "interpolation" ? (y + next_y) / 2
                    : method == "minoring"    ? std::min(y, next_y)
                                              : std::max(y, next_y);
    sum += (x - next_x) * height;
  }
  return sum;
}

/// The argument in the spelling of `known`; Keras takes it in small letters and with a capital too.
std::string choice(C c, const char *key, std::initializer_list<std::string> known) {
  auto same = [](const std::string &a, const std::string &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
  };
  std::string given = c[key], listed;
  for (const std::string &name : known) {
    if (same(given, name))
      return name;
    listed += (listed.empty() ? "" : ", ") + name;
  }
  throw Error(std::string(key) + " must be one of " + listed + ", got '" + given + "'");
}

std::string curve_of(C c) { return choice(c, "curve", {"ROC", "PR", "PRGAIN"}); }
std::string method_of(C c) { return choice(c, "summation_method", {"interpolation", "minoring", "majoring"}); }

std::vector<double> areas(Sums sums, C c) {
  std::string curve = curve_of(c), method = method_of(c);
  Counts counts(sums);
  std::size_t thresholds = curve_thresholds(c).size(), labels = counts.n / thresholds;
  std::vector<double> weights(labels, 1.0);
  if (const Config *given_weights = given(c, "label_weights"); given_weights && labels > 1)
    weights = numbers(*given_weights);
  weights.resize(labels);
  double total = 0, weight = 0;
  for (std::size_t label = 0; label < labels; ++label) {
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < thresholds; ++i)
      at.push_back(i * labels + label);
    total += weights[label] * area(counts, at, curve, method);
    weight += weights[label];
  }
  return {ratio(total, weight)};
}

} // namespace

std::vector<MetricKind> confusion_metrics() {
  Config plain{{"thresholds", Config()}},
      choosing{{"thresholds", Config()}, {"top_k", Config()}, {"class_id", Config()}};
  using K = const Counts &;
  auto precision = [](K k, std::size_t i) { return k.precision(i); };
  auto recall = [](K k, std::size_t i) { return k.recall(i); };
  auto specificity = [](K k, std::size_t i) { return k.specificity(i); };
  return {
      at_thresholds("TruePositives", "true_positives", plain, [](K k, std::size_t i) { return k.tp[i]; }),
      at_thresholds("FalsePositives", "false_positives", plain, [](K k, std::size_t i) { return k.fp[i]; }),
      at_thresholds("TrueNegatives", "true_negatives", plain, [](K k, std::size_t i) { return k.tn[i]; }),
      at_thresholds("FalseNegatives", "false_negatives", plain, [](K k, std::size_t i) { return k.fn[i]; }),
      at_thresholds("Precision", "precision", choosing, precision),
      at_thresholds("Recall", "recall", choosing, recall),
      best_where("SensitivityAtSpecificity", "sensitivity_at_specificity", "specificity", specificity, recall),
      best_where("SpecificityAtSensitivity", "specificity_at_sensitivity", "sensitivity", recall, specificity),
      best_where("PrecisionAtRecall", "precision_at_recall", "recall", recall, precision),
      best_where("RecallAtPrecision", "recall_at_precision", "precision", precision, recall),
      {"AUC",
       "auc",
       {},
       {{"num_thresholds", 200},
        {"curve", "ROC"},
        {"summation_method", "interpolation"},
        {"thresholds", Config()},
        {"multi_label", false},
        {"num_labels", Config()},
        {"label_weights", Config()},
        {"from_logits", false}},
       {},
       [](const MetricBatch &batch, C c) {
         curve_of(c);
         method_of(c);
         return counts(batch, c, curve_thresholds(c), true);
       },
       areas},
  };
}

} // namespace lamina
