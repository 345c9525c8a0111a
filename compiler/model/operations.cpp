#include "compiler/model/network.h"

#include "compiler/trace/Graph.h"
#include "lamina/activations.h"

#include <functional>
#include <map>

namespace lamina {
namespace {

/// A call of an operation: what is written at a place may be a tensor, a number or a list.
class Call {
public:
  Call(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs, const Config &config)
      : graph(graph), inputs(inputs), args(args), kwargs(kwargs), config(config) {}

  /// The argument at a position, or by name among the keyword arguments and the operation's own settings.
  const Config *find(std::size_t position, const char *name) const {
    if (args.is_list() && position < args.size())
      return &args[position];
    if (const Config *entry = kwargs.find(name))
      return entry;
    return config.find(name);
  }

  Value value(std::size_t position, const char *name = "") const {
    const Config *entry = find(position, name);
    if (!entry)
      throw Error("an argument is missing");
    return to_value(*entry);
  }

  Values list(std::size_t position, const char *name = "xs") const {
    const Config *entry = find(position, name);
    if (!entry || !entry->is_list())
      throw Error("expects a list of tensors");
    Values result;
    for (const Config &item : entry->as_list())
      result.push_back(to_value(item));
    return result;
  }

  template <typename T> T option(std::size_t position, const char *name, T otherwise) const {
    const Config *entry = find(position, name);
    if (!entry || entry->is_null())
      return otherwise;
    T result = otherwise;
    detail::read(*entry, result);
    return result;
  }

  const Config *raw(std::size_t position, const char *name) const { return find(position, name); }

private:
  Value to_value(const Config &entry) const {
    if (const Config *index = entry.find("__tensor__"))
      return inputs.at(static_cast<std::size_t>(index->as_int()));
    if (entry.is_bool())
      return constant(graph, entry.as_bool(), DType::Bool);
    if (entry.is_number()) {
      DType partner = inputs.empty() ? DType::Float32 : inputs[0].dtype();
      return detail::weak_constant(graph, entry.as_double(), !entry.is_int(), partner);
    }
    throw Error("expects a tensor or a number, got " + entry.str().substr(0, 60));
  }

  trace::Graph &graph;
  const Values &inputs;
  const Config &args, &kwargs, &config;
};

using Run = std::function<Value(const Call &)>;

/// x[key] with integers, slices, None and an ellipsis, as numpy.
Value get_item(const Value &x, const Config &key) {
  Config::List parts = key.is_list() ? key.as_list() : Config::List{key};
  auto kind = [](const Config &part) {
    const Config *name = part.find("class_name");
    return name && name->is_string() ? name->as_string() : std::string();
  };
  auto is_ellipsis = [&](const Config &part) { return kind(part) == "__ellipsis__"; };
  std::int64_t consumed = 0, ellipses = 0;
  for (const Config &part : parts) {
    ellipses += is_ellipsis(part);
    consumed += !part.is_null() && !is_ellipsis(part);
  }
  if (consumed > x.rank() || ellipses > 1)
    throw Error("an index of " + std::to_string(consumed) + " parts does not fit shape " + x.shape().str());
  std::vector<std::int64_t> starts, limits, strides, reversed, shape;
  std::int64_t axis = 0;
  auto whole = [&] {
    starts.push_back(0);
    limits.push_back(to_end);
    strides.push_back(1);
    shape.push_back(-2 - axis++);
  };
  if (!ellipses)
    parts.push_back({{"class_name", "__ellipsis__"}});
  for (const Config &part : parts) {
    if (part.is_null()) {
      shape.push_back(1);
    } else if (is_ellipsis(part)) {
      for (std::int64_t i = x.rank() - consumed; i-- > 0;)
        whole();
    } else if (part.is_int()) {
      std::int64_t i = part.as_int(), size = x.shape()[axis];
      if (size != none && (i < -size || i >= size))
        throw Error("index " + std::to_string(i) + " is out of range for axis " + std::to_string(axis) + " of shape " +
                    x.shape().str());
      starts.push_back(i);
      limits.push_back(i == -1 ? to_end : i + 1);
      strides.push_back(1);
      ++axis;
    } else if (kind(part) == "__slice__") {
      const Config &bounds = part["config"];
      auto bound = [&](const char *name, std::int64_t otherwise) {
        const Config *entry = bounds.find(name);
        return entry && entry->is_int() ? entry->as_int() : otherwise;
      };
      std::int64_t step = bound("step", 1);
      if (step <= 0) {
        if (step != -1 || bound("start", to_end) != to_end || bound("stop", to_end) != to_end)
          throw Error("slices with a negative step are supported as [::-1] only");
        reversed.push_back(axis);
        step = 1;
      }
      starts.push_back(bound("start", 0));
      limits.push_back(bound("stop", to_end));
      strides.push_back(step);
      shape.push_back(-2 - axis++);
    } else {
      throw Error("an index must be made of integers, slices, None and an ellipsis, got " + part.str().substr(0, 60));
    }
  }
  Value y = reversed.empty() ? x : reverse(x, reversed);
  y = slice(y, starts, limits, strides);
  return static_cast<std::int64_t>(shape.size()) == y.rank() && consumed == 0 ? y : Value(detail::reshape(y, shape));
}

Value cast_to_option(const Value &x, const Call &call, std::size_t position = 1) {
  std::string dtype = call.option(position, "dtype", std::string());
  return dtype.empty() ? x : detail::to(x, dtype_from_name(dtype));
}

Axes axes(const Call &call) { return call.option(1, "axis", Axes()); }
bool keepdims(const Call &call) { return call.option(2, "keepdims", false); }

#define UNARY(Keras, function) {#Keras, [](const Call &c) -> Value { return function(c.value(0, "x")); }}
#define BINARY(Keras, function)                                                                                        \
  {#Keras, [](const Call &c) -> Value { return function(c.value(0, "x1"), c.value(1, "x2")); }}
#define REDUCTION(Keras, function)                                                                                     \
  {#Keras, [](const Call &c) -> Value { return function(c.value(0, "x"), axes(c), keepdims(c)); }}

const std::map<std::string, Run, std::less<>> &table() {
  static const std::map<std::string, Run, std::less<>> operations{
      UNARY(Absolute, abs),
      UNARY(Abs, abs),
      UNARY(Negative, negative),
      UNARY(Sign, sign),
      UNARY(Square, square),
      UNARY(Exp, exp),
      UNARY(Expm1, expm1),
      UNARY(Log, log),
      UNARY(Log1p, log1p),
      UNARY(Log2, log2),
      UNARY(Log10, log10),
      UNARY(Sqrt, sqrt),
      UNARY(Rsqrt, rsqrt),
      UNARY(Reciprocal, reciprocal),
      UNARY(Tanh, tanh),
      UNARY(Sin, sin),
      UNARY(Cos, cos),
      UNARY(Erf, erf),
      UNARY(Sigmoid, sigmoid),
      UNARY(Softplus, softplus),
      UNARY(Relu, relu),
      UNARY(Relu6, relu6),
      UNARY(Floor, floor),
      UNARY(Ceil, ceil),
      UNARY(Round, round),
      UNARY(Isfinite, is_finite),
      UNARY(Isnan, is_nan),
      UNARY(LogicalNot, logical_not),
      UNARY(StopGradient, stop_gradient),
      UNARY(Silu, silu),
      UNARY(HardSigmoid, hard_sigmoid),
      UNARY(HardSilu, hard_silu),
      UNARY(LogSigmoid, log_sigmoid),
      UNARY(Softsign, softsign),
      UNARY(Mish, mish),
      UNARY(Selu, activations::selu),
      UNARY(HardTanh, activations::hard_tanh),
      UNARY(TanhShrink, activations::tanh_shrink),
      UNARY(SparsePlus, activations::sparse_plus),
      UNARY(SparseSigmoid, activations::sparse_sigmoid),
      BINARY(Add, add),
      BINARY(Subtract, subtract),
      BINARY(Multiply, multiply),
      BINARY(Divide, divide),
      BINARY(TrueDivide, divide),
      BINARY(FloorDivide, floor_divide),
      BINARY(Power, power),
      BINARY(Maximum, maximum),
      BINARY(Minimum, minimum),
      BINARY(Equal, equal),
      BINARY(NotEqual, not_equal),
      BINARY(Less, less),
      BINARY(LessEqual, less_equal),
      BINARY(Greater, greater),
      BINARY(GreaterEqual, greater_equal),
      BINARY(LogicalAnd, logical_and),
      BINARY(LogicalOr, logical_or),
      BINARY(Matmul, matmul),
      BINARY(Dot, dot),
      REDUCTION(Sum, sum),
      REDUCTION(Prod, prod),
      REDUCTION(Max, max),
      REDUCTION(Min, min),
      REDUCTION(Any, any),
      REDUCTION(All, all),
      REDUCTION(Mean, mean),
      REDUCTION(Var, variance),
      REDUCTION(Logsumexp, logsumexp),
      {"Std", [](const Call &c) -> Value { return sqrt(variance(c.value(0, "x"), axes(c), keepdims(c))); }},
      {"Gelu", [](const Call &c) -> Value { return gelu(c.value(0, "x"), c.option(1, "approximate", true)); }},
      {"LeakyRelu",
       [](const Call &c) -> Value {
         return activations::leaky_relu(c.value(0, "x"), c.option(1, "negative_slope", 0.2));
       }},
      {"Elu", [](const Call &c) -> Value { return activations::elu(c.value(0, "x"), c.option(1, "alpha", 1.0)); }},
      {"Celu", [](const Call &c) -> Value { return activations::celu(c.value(0, "x"), c.option(1, "alpha", 1.0)); }},
      {"Glu",
       [](const Call &c) -> Value { return activations::glu(c.value(0, "x"), c.option(1, "axis", std::int64_t(-1))); }},
      {"HardShrink",
       [](const Call &c) -> Value { return activations::hard_shrink(c.value(0, "x"), c.option(1, "threshold", 0.5)); }},
      {"SoftShrink",
       [](const Call &c) -> Value { return activations::soft_shrink(c.value(0, "x"), c.option(1, "threshold", 0.5)); }},
      {"Squareplus",
       [](const Call &c) -> Value { return activations::squareplus(c.value(0, "x"), c.option(1, "b", 4.0)); }},
      {"Sparsemax",
       [](const Call &c) -> Value {
         return activations::sparsemax(c.value(0, "x"), c.option(1, "axis", std::int64_t(-1)));
       }},
      {"Softmax", [](const Call &c) -> Value { return softmax(c.value(0, "x"), c.option(1, "axis", Axes(-1))); }},
      {"LogSoftmax",
       [](const Call &c) -> Value { return log_softmax(c.value(0, "x"), c.option(1, "axis", Axes(-1))); }},
      {"ReLU",
       [](const Call &c) -> Value {
         return activations::relu(c.value(0, "x"), c.option(1, "negative_slope", 0.0),
                                  c.option(2, "max_value", std::optional<double>()), c.option(3, "threshold", 0.0));
       }},
      {"Where",
       [](const Call &c) -> Value { return where(c.value(0, "condition"), c.value(1, "x1"), c.value(2, "x2")); }},
      {"Clip",
       [](const Call &c) -> Value {
         return minimum(maximum(c.value(0, "x"), c.value(1, "x_min")), c.value(2, "x_max"));
       }},
      {"Cast", [](const Call &c) -> Value { return cast_to_option(c.value(0, "x"), c); }},
      {"ZerosLike", [](const Call &c) -> Value { return zeros_like(cast_to_option(c.value(0, "x"), c)); }},
      {"OnesLike", [](const Call &c) -> Value { return ones_like(cast_to_option(c.value(0, "x"), c)); }},
      {"Argmax", [](const Call &c) -> Value { return argmax(c.value(0, "x"), c.option(1, "axis", std::int64_t(-1))); }},
      {"Cumsum", [](const Call &c) -> Value { return cumsum(c.value(0, "x"), c.option(1, "axis", std::int64_t(0))); }},
      {"Concatenate",
       [](const Call &c) -> Value { return concatenate(c.list(0), c.option(1, "axis", std::int64_t(0))); }},
      {"Stack", [](const Call &c) -> Value { return stack(c.list(0, "x"), c.option(1, "axis", std::int64_t(0))); }},
      {"ExpandDims",
       [](const Call &c) -> Value { return expand_dims(c.value(0, "x"), c.option(1, "axis", std::int64_t(0))); }},
      {"Squeeze", [](const Call &c) -> Value { return squeeze(c.value(0, "x"), axes(c)); }},
      {"Transpose",
       [](const Call &c) -> Value {
         return transpose(c.value(0, "x"), c.option(1, "axes", std::vector<std::int64_t>()));
       }},
      {"Flip",
       [](const Call &c) -> Value { return reverse(c.value(0, "x"), axes(c).resolve(c.value(0, "x").rank())); }},
      {"Reshape",
       [](const Call &c) -> Value {
         Value x = c.value(0, "x");
         std::vector<std::int64_t> shape = c.option(1, "newshape", std::vector<std::int64_t>());
         return reshape(x, shape);
       }},
      {"GetItem",
       [](const Call &c) -> Value {
         const Config *key = c.raw(1, "key");
         if (!key)
           throw Error("an index is missing");
         return get_item(c.value(0, "x"), *key);
       }},
      {"Take",
       [](const Call &c) -> Value {
         Value x = c.value(0, "x");
         if (std::optional<std::int64_t> axis = c.option(2, "axis", std::optional<std::int64_t>());
             !axis || resolve_axis(*axis, x.rank()) != 0)
           throw Error("Take is supported along axis 0 only");
         return take(x, c.value(1, "indices"));
       }},
      {"Einsum",
       [](const Call &c) -> Value {
         std::string subscripts = c.option(0, "subscripts", std::string());
         return einsum(subscripts, c.value(1), c.value(2));
       }},
      {"Identity", [](const Call &c) -> Value { return c.value(0, "x"); }},
  };
  return operations;
}

#undef UNARY
#undef BINARY
#undef REDUCTION

} // namespace

bool Operation::known(const std::string &class_name) { return table().count(class_name) != 0; }

Operation::Operation(const std::string &class_name, const Config &config)
    : Operation("keras.src.ops.numpy", class_name, config) {}

Operation::Operation(const std::string &module, const std::string &class_name, const Config &config)
    : module_(module), class_name_(class_name), config_(config.is_dict() ? config : Config::dict()) {
  if (!known(class_name))
    throw Error("operation '" + class_name + "' is not known");
  static const char *const from_nn[] = {"Relu",       "Relu6",      "Sigmoid",       "Softplus",    "Softsign",
                                        "Silu",       "Gelu",       "LeakyRelu",     "HardSigmoid", "HardSilu",
                                        "Elu",        "Selu",       "Celu",          "Glu",         "Softmax",
                                        "LogSoftmax", "LogSigmoid", "HardTanh",      "TanhShrink",  "HardShrink",
                                        "SoftShrink", "SparsePlus", "SparseSigmoid", "Squareplus",  "Sparsemax"};
  for (const char *name : from_nn)
    if (class_name == name && module == "keras.src.ops.numpy")
      module_ = "keras.src.ops.nn";
  const Config *name = config_.find("name");
  init(name && name->is_string() ? name->as_string() : "", true, "float32");
  config_.set("name", this->name());
}

Values Operation::invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs) {
  trace::Graph::Scope scope(graph, name());
  try {
    // Numbers of 16 bits are computed with in float32, as layers do.
    std::optional<DType> half;
    bool wide = class_name_ == "Cast";
    for (const Value &x : inputs) {
      wide = wide || (is_floating(x.dtype()) && (!is_half(x.dtype()) || (half && *half != x.dtype())));
      if (is_half(x.dtype()))
        half = x.dtype();
    }
    Values operands = inputs;
    if (half)
      for (Value &x : operands)
        if (is_half(x.dtype()))
          x = cast(x, DType::Float32);
    Value result = table().find(class_name_)->second(Call(graph, operands, args, kwargs, config_));
    return {half && !wide && result.dtype() == DType::Float32 ? Value(cast(result, *half)) : result};
  } catch (const Error &error) {
    std::string what = error.what();
    throw Error(what.find("'" + name() + "'") != std::string::npos ? what : "operation '" + name() + "': " + what);
  }
}

KerasTensor record(std::string_view operation, const std::vector<Argument> &arguments, const Config &config) {
  auto layer = std::make_shared<Operation>(std::string(operation), config);
  std::vector<KerasTensor> inputs;
  Config args = Config::List();
  for (const Argument &argument : arguments) {
    if (argument.tensor.defined()) {
      args.push_back(tensor_reference(inputs.size()));
      inputs.push_back(argument.tensor);
    } else {
      args.push_back(argument.value);
    }
  }
  return layer->record_call(inputs, args, Config::dict())[0];
}

KerasTensor concatenate(const std::vector<KerasTensor> &tensors, std::int64_t axis) {
  auto layer = std::make_shared<Operation>("Concatenate", Config{{"axis", axis}});
  Config list = Config::List();
  for (std::size_t i = 0; i < tensors.size(); ++i)
    list.push_back(tensor_reference(i));
  return layer->record_call(tensors, Config::list({list}), Config::dict())[0];
}

} // namespace lamina
