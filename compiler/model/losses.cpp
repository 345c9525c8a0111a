#include "lamina/losses.h"

#include "compiler/model/entropies.h"
#include "compiler/model/pairwise_losses.h"
#include "compiler/model/registry.h"
#include "compiler/trace/Graph.h"
#include "lamina/layer.h"

#include <cmath>

namespace lamina {
namespace {
constexpr double epsilon = 1e-7;
} // namespace

Value aligned(const Value &t, const Value &p) {
  if (t.rank() == p.rank() + 1 && t.shape().back() == 1)
    return squeeze(t, -1);
  if (t.rank() + 1 == p.rank() && p.shape().back() == 1)
    return expand_dims(t, -1);
  return t;
}

Value binary_entropies(const Value &t, const Value &p, bool from_logits) {
  if (from_logits)
    return -(t * log_sigmoid(p)) - (1.0 - t) * log_sigmoid(-p);
  Value q = clip(p, epsilon, 1.0 - epsilon);
  return -(t * log(q) + (1.0 - t) * log(1.0 - q));
}

Value log_probabilities(const Value &p, bool from_logits) {
  if (from_logits)
    return log_softmax(p);
  return log(clip(p / sum(p, -1, true), epsilon, 1.0 - epsilon));
}

Value sparse_entropies(const Value &t, const Value &p, bool from_logits) {
  std::int64_t classes = p.shape().back();
  if (classes == none)
    throw Error("sparse_categorical_crossentropy needs a known number of classes, the model gives " + p.shape().str());
  Value labels = t.rank() == p.rank() && t.shape().back() == 1 ? Value(squeeze(t, -1)) : t;
  if (labels.rank() + 1 != p.rank())
    throw Error("the targets have shape " + t.shape().str() + ", the model gives " + p.shape().str() +
                "; sparse_categorical_crossentropy wants a class index for each");
  return -sum(one_hot(cast(labels, DType::Int32), classes, p.dtype()) * log_probabilities(p, from_logits), -1);
}

namespace {

double number(const Config &config, const char *key, double otherwise) {
  const Config *entry = config.find(key);
  return entry && entry->is_number() ? entry->as_double() : otherwise;
}

bool flag(const Config &config, const char *key) {
  const Config *entry = config.find(key);
  return entry && entry->is_bool() && entry->as_bool();
}

void check_shapes(const Value &t, const Value &p) {
  bool fits = t.rank() == p.rank();
  for (std::int64_t i = 1; fits && i < t.rank(); ++i)
    fits = t.shape()[i] == none || p.shape()[i] == none || t.shape()[i] == p.shape()[i];
  if (!fits)
    throw Error("the targets have shape " + t.shape().str() + ", the model gives " + p.shape().str());
}

Value unit(const Value &x) { return x * rsqrt(maximum(sum(square(x), -1, true), 1e-12)); }

Value smoothed(const Value &t, const Config &config, double classes) {
  double smoothing = number(config, "label_smoothing", 0.0);
  return smoothing == 0.0 ? t : Value(t * (1.0 - smoothing) + smoothing / classes);
}

Value hinge_labels(const Value &t) {
  // Labels of 0 and 1 stand for -1 and 1.
  Value binary = all(logical_or(equal(t, 0.0), equal(t, 1.0)));
  return where(binary, 2.0 * t - 1.0, t);
}

Value focal(const Value &t, const Value &p, const Config &c, double gamma) {
  Value p_t = t * p + (1.0 - t) * (1.0 - p);
  Value loss = power(1.0 - p_t, gamma) * binary_entropies(t, p, false);
  if (flag(c, "apply_class_balancing")) {
    double alpha = number(c, "alpha", 0.25);
    loss = (t * alpha + (1.0 - t) * (1.0 - alpha)) * loss;
  }
  return mean(loss, -1);
}

struct Kind {
  const char *name;
  const char *class_name;
  const char *short_name;
  bool floating; ///< the targets take the predictions' type and shape
  Value (*function)(const Value &t, const Value &p, const Config &arguments);
};

const std::vector<Kind> &kinds() {
  using V = const Value &;
  using C = const Config &;
  static const std::vector<Kind> table{
      {"mean_squared_error", "MeanSquaredError", "mse", true,
       [](V t, V p, C) -> Value { return mean(square(t - p), -1); }},
      {"mean_absolute_error", "MeanAbsoluteError", "mae", true,
       [](V t, V p, C) -> Value { return mean(abs(t - p), -1); }},
      {"mean_absolute_percentage_error", "MeanAbsolutePercentageError", "mape", true,
       [](V t, V p, C) -> Value { return 100.0 * mean(abs((t - p) / maximum(abs(t), epsilon)), -1); }},
      {"mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "msle", true,
       [](V t, V p, C) -> Value {
         return mean(square(log(maximum(p, epsilon) + 1.0) - log(maximum(t, epsilon) + 1.0)), -1);
       }},
      {"huber", "Huber", "huber", true,
       [](V t, V p, C c) -> Value {
         double delta = number(c, "delta", 1.0);
         Value e = abs(p - t);
         return mean(where(e <= delta, 0.5 * square(e), delta * e - 0.5 * delta * delta), -1);
       }},
      {"log_cosh", "LogCosh", "logcosh", true,
       [](V t, V p, C) -> Value {
         Value e = p - t;
         return mean(e + softplus(-2.0 * e) - 0.69314718055994530942, -1);
       }},
      {"cosine_similarity", "CosineSimilarity", "cosine_similarity", true,
       [](V t, V p, C) -> Value { return -sum(unit(t) * unit(p), -1); }},
      {"binary_crossentropy", "BinaryCrossentropy", "bce", true,
       [](V t, V p, C c) -> Value {
         return mean(binary_entropies(smoothed(t, c, 2.0), p, flag(c, "from_logits")), -1);
       }},
      {"binary_focal_crossentropy", "BinaryFocalCrossentropy", "bfce", true,
       [](V t, V p, C c) -> Value {
         return focal(smoothed(t, c, 2.0), flag(c, "from_logits") ? Value(sigmoid(p)) : p, c, number(c, "gamma", 2.0));
       }},
      {"categorical_crossentropy", "CategoricalCrossentropy", "cce", true,
       [](V t, V p, C c) -> Value {
         return -sum(
             smoothed(t, c, static_cast<double>(p.shape().back())) * log_probabilities(p, flag(c, "from_logits")), -1);
       }},
      {"categorical_focal_crossentropy", "CategoricalFocalCrossentropy", "cfce", true,
       [](V t_in, V p, C c) -> Value {
         Value t = smoothed(t_in, c, static_cast<double>(p.shape().back()));
         Value q = flag(c, "from_logits") ? Value(softmax(p)) : Value(p / sum(p, -1, true));
         q = clip(q, epsilon, 1.0 - epsilon);
         return sum(number(c, "alpha", 0.25) * power(1.0 - q, number(c, "gamma", 2.0)) * (-(t * log(q))), -1);
       }},
      {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", "scce", false,
       [](V t, V p, C c) -> Value { return sparse_entropies(t, p, flag(c, "from_logits")); }},
      {"kl_divergence", "KLDivergence", "kld", true,
       [](V t_in, V p_in, C) -> Value {
         Value t = clip(t_in, epsilon, 1.0), p = clip(p_in, epsilon, 1.0);
         return sum(t * log(t / p), -1);
       }},
      {"poisson", "Poisson", "poisson", true, [](V t, V p, C) -> Value { return mean(p - t * log(p + epsilon), -1); }},
      {"hinge", "Hinge", "hinge", true, [](V t, V p, C) -> Value { return mean(relu(1.0 - hinge_labels(t) * p), -1); }},
      {"squared_hinge", "SquaredHinge", "squared_hinge", true,
       [](V t, V p, C) -> Value { return mean(square(relu(1.0 - hinge_labels(t) * p)), -1); }},
      {"categorical_hinge", "CategoricalHinge", "categorical_hinge", true,
       [](V t, V p, C) -> Value { return relu(max((1.0 - t) * p, -1) - sum(t * p, -1) + 1.0); }},
      {"dice", "Dice", "dice", true,
       [](V t, V p, C) -> Value { return 1.0 - 2.0 * sum(t * p) / (sum(t) + sum(p) + epsilon); }},
      {"tversky", "Tversky", "tversky", true,
       [](V t, V p, C c) -> Value {
         Value both = sum(t * p);
         return 1.0 - both / (both + sum((1.0 - p) * t) * number(c, "alpha", 0.5) +
                              sum(p * (1.0 - t)) * number(c, "beta", 0.5) + epsilon);
       }},
      {"ctc", "CTC", "ctc", false, [](V t, V p, C) -> Value { return losses::ctc(t, p); }},
      {"circle", "Circle", "circle", false,
       [](V t, V p, C c) -> Value {
         const Config *diagonal = c.find("remove_diagonal");
         return losses::circle(t, p, number(c, "gamma", 80.0), number(c, "margin", 0.4),
                               !diagonal || diagonal->as_bool());
       }},
      {"categorical_generalized_cross_entropy", "CategoricalGeneralizedCrossEntropy", "cgce", false,
       [](V t, V p, C c) -> Value { return losses::categorical_generalized_cross_entropy(t, p, number(c, "q", 0.5)); }},
  };
  return table;
}

/// Sizes of two weights made equal in rank by axes of size 1 at the end.
void same_rank(Value &a, Value &b) {
  while (a.rank() < b.rank())
    if (b.shape().back() == 1)
      b = squeeze(b, -1);
    else
      a = expand_dims(a, -1);
  while (b.rank() < a.rank())
    if (a.shape().back() == 1)
      a = squeeze(a, -1);
    else
      b = expand_dims(b, -1);
}

} // namespace

Loss::Loss(const std::string &name) { *this = from_config(name); }

Loss Loss::from_config(const Config &config) {
  auto [name, arguments] = class_and_config(config, "loss");
  if (const Config *function = arguments.find("fn"); function && name == "LossFunctionWrapper")
    return from_config(*function);
  if (name == "function" && config.contains("config") && config["config"].is_string())
    name = config["config"].as_string();
  for (const Kind &kind : kinds())
    if (name == kind.name || name == kind.class_name || name == kind.short_name ||
        (name == "kullback_leibler_divergence" && std::string(kind.short_name) == "kld")) {
      Loss loss;
      loss.config_ = config;
      loss.arguments_ = arguments;
      loss.name_ = kind.name;
      if (const Config *reduction = arguments.find("reduction"); reduction && !reduction->is_null())
        loss.reduction_ = reduction->as_string();
      loss.function_ = [&kind](const Value &t, const Value &p, const Config &c) {
        if (!kind.floating)
          return kind.function(t, p, c);
        Value target = aligned(cast(t, p.dtype()), p);
        check_shapes(target, p);
        return kind.function(target, p, c);
      };
      return loss;
    }
  throw unknown("loss", name, losses::names());
}

Value Loss::operator()(const Value &y_true, const Value &y_pred) const { return function_(y_true, y_pred, arguments_); }

Value Loss::reduced(const Value &y_true, const Value &y_pred, const Value &sample_weight) const {
  Value values = (*this)(y_true, y_pred), weights = sample_weight;
  bool average = reduction_ == "sum_over_batch_size" || reduction_ == "mean";
  Value mask = y_pred.graph().mask(y_pred);
  if (name_ == "circle") {
    // Samples with nothing to learn from do not count.
    Value counts = values > 0.0;
    mask = mask.defined() ? Value(logical_and(mask, counts)) : counts;
  }
  if (mask.defined()) {
    Value kept = cast(mask, values.dtype());
    if (average) {
      // Elements that count get the weight of those that do not.
      Value total = cast(sum(ones_like(kept)), values.dtype()), valid = sum(kept);
      kept = kept * where(valid > 0.0, total / maximum(valid, 1.0), 0.0);
    }
    if (weights.defined()) {
      same_rank(kept, weights);
      weights = weights * kept;
    } else {
      weights = kept;
    }
  }
  if (weights.defined()) {
    same_rank(values, weights);
    values = values * weights;
  }
  if (reduction_ == "mean_with_sample_weight")
    return sum(values) / maximum(weights.defined() ? Value(sum(weights)) : Value(sum(ones_like(values))), epsilon);
  return average ? Value(mean(values)) : Value(sum(values));
}

namespace losses {
namespace {
Loss made(const char *class_name, Config config) {
  return Loss::from_config(serialized("keras.losses", class_name, std::move(config)));
}
} // namespace
Loss mean_squared_error() { return "mean_squared_error"; }
Loss mean_absolute_error() { return "mean_absolute_error"; }
Loss huber(double delta) {
  return made("Huber", {{"name", "huber"}, {"reduction", "sum_over_batch_size"}, {"delta", delta}});
}
Loss binary_crossentropy(bool from_logits, double label_smoothing) {
  return made("BinaryCrossentropy", {{"name", "binary_crossentropy"},
                                     {"reduction", "sum_over_batch_size"},
                                     {"from_logits", from_logits},
                                     {"label_smoothing", label_smoothing}});
}
Loss categorical_crossentropy(bool from_logits, double label_smoothing) {
  return made("CategoricalCrossentropy", {{"name", "categorical_crossentropy"},
                                          {"reduction", "sum_over_batch_size"},
                                          {"from_logits", from_logits},
                                          {"label_smoothing", label_smoothing}});
}
Loss sparse_categorical_crossentropy(bool from_logits) {
  return made("SparseCategoricalCrossentropy", {{"name", "sparse_categorical_crossentropy"},
                                                {"reduction", "sum_over_batch_size"},
                                                {"from_logits", from_logits}});
}
std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Kind &kind : kinds())
    result.push_back(kind.name);
  return result;
}
} // namespace losses

std::vector<KnownClass> known_losses() {
  std::vector<KnownClass> classes;
  for (const Kind &kind : kinds())
    classes.push_back({kind.class_name, {}});
  return classes;
}

} // namespace lamina
