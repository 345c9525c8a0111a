#include "lamina/activations.h"

#include "compiler/model/registry.h"
#include "lamina/layer.h"

namespace lamina {
namespace activations {

Value leaky_relu(const Value &x, double negative_slope) { return where(x >= 0.0, x, negative_slope * x); }

Value relu(const Value &x_in, double negative_slope, std::optional<double> max_value, double threshold) {
  Value x = x_in;
  if (negative_slope != 0.0 && !max_value && threshold == 0.0)
    return leaky_relu(x, negative_slope);
  Value negative = negative_slope == 0.0 ? Value()
                   : threshold != 0.0    ? Value(lamina::relu(threshold - x))
                                         : Value(lamina::relu(-x));
  x = threshold != 0.0 ? Value(where(x > threshold, x, 0.0)) : Value(lamina::relu(x));
  if (max_value)
    x = clip(x, 0.0, *max_value);
  return negative.defined() ? Value(x - negative_slope * negative) : x;
}

Value elu(const Value &x, double alpha) {
  Value positive = x > 0.0;
  return where(positive, x, alpha * expm1(where(positive, 0.0, x)));
}

Value celu(const Value &x, double alpha) { return maximum(x, 0.0) + alpha * expm1(minimum(x, 0.0) / alpha); }

Value glu(const Value &x, std::int64_t axis) {
  Values halves = split(x, 2, axis);
  return halves[0] * sigmoid(halves[1]);
}

Value hard_shrink(const Value &x, double threshold) { return where(abs(x) > threshold, x, 0.0); }

Value soft_shrink(const Value &x, double threshold) {
  return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0.0));
}

Value sparsemax(const Value &x_in, std::int64_t axis) {
  // Sorting is avoided: the rank of x_i is the number of elements not below it.
  std::int64_t rank = x_in.rank();
  axis = resolve_axis(axis, rank);
  std::vector<std::int64_t> swap;
  for (std::int64_t i = 0; i < rank; ++i)
    swap.push_back(i == axis ? rank - 1 : i == rank - 1 ? axis : i);
  Value x = axis == rank - 1 ? x_in : Value(transpose(x_in, swap));
  // Of equal elements the first comes first.
  Value one = expand_dims(x, -1), other = expand_dims(x, -2);
  Value above = other >= one;
  if (std::int64_t n = x.shape().back(); n != none)
    above =
        logical_or(other > one, logical_and(above, less_equal(iota(x.graph(), {n, n}, 1), iota(x.graph(), {n, n}, 0))));
  Value count = sum(cast(above, x.dtype()), -1), total = sum(where(above, other, 0.0), -1);
  Value support = x - (total - 1.0) / stop_gradient(count) > 0.0;
  Value kept = stop_gradient(sum(cast(support, x.dtype()), -1, true));
  // Keras adds up the running sums of the support, where the paper takes the last of them.
  Value tau = (sum(where(support, total, 0.0), -1, true) - 1.0) / kept;
  Value y = lamina::relu(x - tau);
  return axis == rank - 1 ? y : Value(transpose(y, swap));
}

Value squareplus(const Value &x, double b) { return (x + sqrt(square(x) + b)) / 2.0; }

Value threshold(const Value &x, double threshold, double default_value) {
  return where(x > threshold, x, default_value);
}

namespace {

using Function = Value (*)(const Value &);

const std::vector<std::pair<std::string, Function>> &table() {
  static const std::vector<std::pair<std::string, Function>> functions{
      {"relu", [](const Value &x) -> Value { return lamina::relu(x); }},
      {"leaky_relu", [](const Value &x) -> Value { return leaky_relu(x); }},
      {"relu6", [](const Value &x) -> Value { return relu6(x); }},
      {"softmax", [](const Value &x) -> Value { return softmax(x); }},
      {"celu", [](const Value &x) -> Value { return celu(x); }},
      {"elu", [](const Value &x) -> Value { return elu(x); }},
      {"selu", [](const Value &x) -> Value { return selu(x); }},
      {"softplus", [](const Value &x) -> Value { return softplus(x); }},
      {"softsign", [](const Value &x) -> Value { return softsign(x); }},
      {"squareplus", [](const Value &x) -> Value { return squareplus(x); }},
      {"soft_shrink", [](const Value &x) -> Value { return soft_shrink(x); }},
      {"sparse_plus", [](const Value &x) -> Value { return sparse_plus(x); }},
      {"silu", [](const Value &x) -> Value { return silu(x); }},
      {"gelu", [](const Value &x) -> Value { return activations::gelu(x); }},
      {"glu", [](const Value &x) -> Value { return glu(x); }},
      {"tanh", [](const Value &x) -> Value { return tanh(x); }},
      {"tanh_shrink", [](const Value &x) -> Value { return tanh_shrink(x); }},
      {"sigmoid", [](const Value &x) -> Value { return sigmoid(x); }},
      {"sparse_sigmoid", [](const Value &x) -> Value { return sparse_sigmoid(x); }},
      {"exponential", [](const Value &x) -> Value { return exponential(x); }},
      {"hard_sigmoid", [](const Value &x) -> Value { return hard_sigmoid(x); }},
      {"hard_silu", [](const Value &x) -> Value { return hard_silu(x); }},
      {"hard_tanh", [](const Value &x) -> Value { return hard_tanh(x); }},
      {"hard_shrink", [](const Value &x) -> Value { return hard_shrink(x); }},
      {"linear", [](const Value &x) -> Value { return x; }},
      {"mish", [](const Value &x) -> Value { return mish(x); }},
      {"log_softmax", [](const Value &x) -> Value { return log_softmax(x); }},
      {"log_sigmoid", [](const Value &x) -> Value { return log_sigmoid(x); }},
      {"sparsemax", [](const Value &x) -> Value { return sparsemax(x); }},
  };
  return functions;
}

} // namespace

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto &[name, function] : table())
    result.push_back(name);
  return result;
}

} // namespace activations

ActivationFunction::ActivationFunction(const std::string &given) {
  std::string name = given == "swish" ? "silu" : given == "hard_swish" ? "hard_silu" : given;
  for (const auto &[known, function] : activations::table())
    if (known == name) {
      config_ = name;
      if (name != "linear")
        function_ = function;
      return;
    }
  throw unknown("activation", given, activations::names());
}

ActivationFunction ActivationFunction::from_config(const Config &config) {
  if (config.is_null())
    return {};
  if (config.is_string())
    return ActivationFunction(config.as_string());
  auto [name, arguments] = class_and_config(config, "activation");
  ActivationFunction result;
  if (name == "function" && config.contains("config")) {
    result = ActivationFunction(config["config"].as_string());
  } else {
    std::shared_ptr<LayerBase> layer = layer_from_config(config);
    result.function_ = [layer](const Value &x) {
      Values outputs = layer->invoke(x.graph(), {x});
      return outputs[0];
    };
  }
  result.config_ = config;
  return result;
}

Value ActivationFunction::operator()(const Value &x) const { return function_ ? function_(x) : x; }

std::vector<KnownClass> known_activations() {
  std::vector<KnownClass> classes;
  for (const std::string &name : activations::names())
    classes.push_back({name, {}});
  return classes;
}

} // namespace lamina
