#ifndef LAMINA_OPS_H
#define LAMINA_OPS_H

#include <limits>

#include <lamina/expr.h>

/// One line an op: the C++ name, the class in keras.ops (how a saved model spells it), the value for symbolic x (and
/// y).
#define LAMINA_UNARY_OP(name, keras, ...)                                                                              \
  template <::lamina::TensorLike X> auto name(const X &x) {                                                            \
    return ::lamina::detail::lift<keras>([](const ::lamina::Value &x) -> ::lamina::Value { return __VA_ARGS__; },      \
                                         ::lamina::detail::params(), x);                                               \
  }
#define LAMINA_BINARY_OP(name, keras, ...)                                                                             \
  template <::lamina::Operand X, ::lamina::Operand Y>                                                                  \
    requires ::lamina::Operands<X, Y>                                                                                  \
  auto name(const X &x, const Y &y) {                                                                                  \
    return ::lamina::detail::lift<keras>(                                                                              \
        [](const ::lamina::Value &x, const ::lamina::Value &y) -> ::lamina::Value { return __VA_ARGS__; },             \
        ::lamina::detail::params(), x, y);                                                                             \
  }

namespace lamina {

/// The axes of a reduction: one, several, or all where none are given.
class Axes {
public:
  Axes() = default;
  Axes(std::int64_t axis) : axes_{{axis}} {}
  Axes(int axis) : axes_{{axis}} {}
  Axes(std::initializer_list<std::int64_t> axes) : axes_(std::vector<std::int64_t>(axes)) {}
  Axes(std::vector<std::int64_t> axes) : axes_(std::move(axes)) {}

  bool has_value() const { return axes_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const std::vector<std::int64_t> &operator*() const { return *axes_; }
  operator Config() const;
  /// Non-negative and in order. Errors: an axis out of range or twice.
  std::vector<std::int64_t> resolve(std::int64_t rank) const;

private:
  std::optional<std::vector<std::int64_t>> axes_;
};

/// A size known now, or the open size of another value's axis.
struct Dim {
  std::int64_t size = none;
  Value open = {};
  Dim(std::int64_t size) : size(size) {}
  Dim(int size) : size(size) {}
  /// Axis `axis` of x.
  Dim(const Value &x, std::int64_t axis);
};
using Dims = std::vector<Dim>;
Dims dims_of(const Value &x);
/// The size of axis `axis` of x times `factor` plus `added`.
Dim resized(const Value &x, std::int64_t axis, std::int64_t factor, std::int64_t added);

/// A non-negative axis. Errors: out of range.
std::int64_t resolve_axis(std::int64_t axis, std::int64_t rank);

namespace detail {
Value unary(std::string_view op, const Value &x);    ///< integers become float32
Value numeric(std::string_view op, const Value &x);  ///< any number
Value binary(std::string_view op, Value x, Value y); ///< operands brought to one type
Value compare(std::string_view predicate, Value x, Value y);
Value logical(std::string_view op, const Value &x, const Value &y);
Value divide(const Value &x, const Value &y);
Value floor_divide(const Value &x, const Value &y);
Value power(const Value &x, const Value &y);
Value to(const Value &x, DType dtype);
Value to_bool(const Value &x);
Value to_float(const Value &x);
Value reduce(std::string_view kind, const Value &x, const Axes &axes, bool keepdims);
Value mean(const Value &x, const Axes &axes, bool keepdims);
Value select(const Value &condition, Value x, Value y);
Value matmul(const Value &x, const Value &y);
Value reshape(const Value &x, const std::vector<std::int64_t> &shape);
Value expand_dims(const Value &x, std::int64_t axis);
Value squeeze(const Value &x, const Axes &axes);
Value transpose(const Value &x, std::vector<std::int64_t> permutation);
Value number(const Value &like, double value); ///< a constant of like's type
} // namespace detail

/// The same constant of x's type in every element of x's shape.
Value full_like(const Value &x, double value);

// ---- elementwise
LAMINA_UNARY_OP(abs, "Absolute", detail::numeric("abs", x))
LAMINA_UNARY_OP(negative, "Negative", detail::numeric("neg", x))
LAMINA_UNARY_OP(sign, "Sign", detail::numeric("sign", x))
LAMINA_UNARY_OP(square, "Square", detail::binary("mul", x, x))
LAMINA_UNARY_OP(exp, "Exp", detail::unary("exp", x))
LAMINA_UNARY_OP(expm1, "Expm1", detail::unary("expm1", x))
LAMINA_UNARY_OP(log, "Log", detail::unary("log", x))
LAMINA_UNARY_OP(log1p, "Log1p", detail::unary("log1p", x))
LAMINA_UNARY_OP(log2, "Log2", detail::binary("div", detail::unary("log", x), detail::number(x, 0.69314718055994530942)))
LAMINA_UNARY_OP(log10, "Log10",
                detail::binary("div", detail::unary("log", x), detail::number(x, 2.30258509299404568402)))
LAMINA_UNARY_OP(sqrt, "Sqrt", detail::unary("sqrt", x))
LAMINA_UNARY_OP(rsqrt, "Rsqrt", detail::unary("rsqrt", x))
LAMINA_UNARY_OP(reciprocal, "Reciprocal", detail::divide(detail::number(x, 1), x))
LAMINA_UNARY_OP(tanh, "Tanh", detail::unary("tanh", x))
LAMINA_UNARY_OP(sin, "Sin", detail::unary("sin", x))
LAMINA_UNARY_OP(cos, "Cos", detail::unary("cos", x))
LAMINA_UNARY_OP(erf, "Erf", detail::unary("erf", x))
LAMINA_UNARY_OP(sigmoid, "Sigmoid", detail::unary("sigmoid", x))
LAMINA_UNARY_OP(softplus, "Softplus", detail::unary("softplus", x))
LAMINA_UNARY_OP(relu, "Relu", detail::numeric("relu", x))
LAMINA_UNARY_OP(floor, "Floor", detail::unary("floor", x))
LAMINA_UNARY_OP(ceil, "Ceil", detail::unary("ceil", x))
LAMINA_UNARY_OP(round, "Round", detail::unary("round", x))
LAMINA_UNARY_OP(is_finite, "Isfinite", emit("is_finite", {x}))
LAMINA_UNARY_OP(is_nan, "Isnan", detail::compare("ne", x, x))
LAMINA_UNARY_OP(logical_not, "LogicalNot", emit("not", {detail::to_bool(x)}))
LAMINA_UNARY_OP(stop_gradient, "StopGradient", emit("stop_gradient", {x}))
LAMINA_UNARY_OP(zeros_like, "ZerosLike", full_like(x, 0))
LAMINA_UNARY_OP(ones_like, "OnesLike", full_like(x, 1))

LAMINA_BINARY_OP(add, "Add", detail::binary("add", x, y))
LAMINA_BINARY_OP(subtract, "Subtract", detail::binary("sub", x, y))
LAMINA_BINARY_OP(multiply, "Multiply", detail::binary("mul", x, y))
LAMINA_BINARY_OP(divide, "TrueDivide", detail::divide(x, y))
LAMINA_BINARY_OP(floor_divide, "FloorDivide", detail::floor_divide(x, y))
LAMINA_BINARY_OP(power, "Power", detail::power(x, y))
/// The angle of the point (y, x), in [-π, π].
LAMINA_BINARY_OP(arctan2, "Arctan2", detail::binary("atan2", detail::to_float(x), detail::to_float(y)))
LAMINA_BINARY_OP(maximum, "Maximum", detail::binary("maximum", x, y))
LAMINA_BINARY_OP(minimum, "Minimum", detail::binary("minimum", x, y))
LAMINA_BINARY_OP(equal, "Equal", detail::compare("eq", x, y))
LAMINA_BINARY_OP(not_equal, "NotEqual", detail::compare("ne", x, y))
LAMINA_BINARY_OP(less, "Less", detail::compare("lt", x, y))
LAMINA_BINARY_OP(less_equal, "LessEqual", detail::compare("le", x, y))
LAMINA_BINARY_OP(greater, "Greater", detail::compare("gt", x, y))
LAMINA_BINARY_OP(greater_equal, "GreaterEqual", detail::compare("ge", x, y))
LAMINA_BINARY_OP(logical_and, "LogicalAnd", detail::logical("and", x, y))
LAMINA_BINARY_OP(logical_or, "LogicalOr", detail::logical("or", x, y))

template <typename X, typename Y>
  requires Operands<X, Y>
auto operator+(const X &x, const Y &y) {
  return add(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator-(const X &x, const Y &y) {
  return subtract(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator*(const X &x, const Y &y) {
  return multiply(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator/(const X &x, const Y &y) {
  return divide(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator<(const X &x, const Y &y) {
  return less(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator<=(const X &x, const Y &y) {
  return less_equal(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator>(const X &x, const Y &y) {
  return greater(x, y);
}
template <typename X, typename Y>
  requires Operands<X, Y>
auto operator>=(const X &x, const Y &y) {
  return greater_equal(x, y);
}
template <TensorLike X> auto operator-(const X &x) { return negative(x); }

/// x where the condition holds, y elsewhere.
template <TensorLike C, Operand X, Operand Y> auto where(const C &condition, const X &x, const Y &y) {
  return detail::lift<"Where">([](const Value &c, const Value &x, const Value &y) { return detail::select(c, x, y); },
                               detail::params(), condition, x, y);
}
/// x limited to [low, high].
template <TensorLike X> auto clip(const X &x, double low, double high) {
  return detail::lift<"Clip">(
      [](const Value &x, double low, double high) {
        return detail::binary("minimum", detail::binary("maximum", x, detail::number(x, low)), detail::number(x, high));
      },
      detail::params(detail::param("x_min", low), detail::param("x_max", high)), x);
}
template <TensorLike X> auto cast(const X &x, DType dtype) {
  return detail::lift<"Cast">(
      [](const Value &x, const std::string &dtype) { return detail::to(x, dtype_from_name(dtype)); },
      detail::params(detail::param("dtype", std::string(dtype_name(dtype)))), x);
}

// ---- reductions
#define LAMINA_REDUCTION_OP(name, keras, ...)                                                                          \
  template <TensorLike X> auto name(const X &x, Axes axis = {}, bool keepdims = false) {                               \
    return detail::lift<keras>([](const Value &x, const Axes &axis, bool keepdims) -> Value { return __VA_ARGS__; },   \
                               detail::params(detail::param("axis", axis), detail::param("keepdims", keepdims)), x);   \
  }
LAMINA_REDUCTION_OP(sum, "Sum", detail::reduce("sum", x, axis, keepdims))
LAMINA_REDUCTION_OP(prod, "Prod", detail::reduce("prod", x, axis, keepdims))
LAMINA_REDUCTION_OP(max, "Max", detail::reduce("max", x, axis, keepdims))
LAMINA_REDUCTION_OP(min, "Min", detail::reduce("min", x, axis, keepdims))
LAMINA_REDUCTION_OP(any, "Any", detail::reduce("any", detail::to_bool(x), axis, keepdims))
LAMINA_REDUCTION_OP(all, "All", detail::reduce("all", detail::to_bool(x), axis, keepdims))
LAMINA_REDUCTION_OP(mean, "Mean", detail::mean(x, axis, keepdims))
/// mean (x - mean x)²
LAMINA_REDUCTION_OP(variance, "Var", detail::mean(square(x - detail::mean(x, axis, true)), axis, keepdims))
namespace detail {
/// The largest number along the axes, without a gradient: what e^(x - max x) is measured from. A NaN reaches sums of
/// these by itself.
inline Value top(const Value &x, const Axes &axis) { return stop_gradient(reduce("maxnum", x, axis, true)); }
} // namespace detail
/// log Σ e^x = max x + log Σ e^(x - max x)
LAMINA_REDUCTION_OP(logsumexp, "Logsumexp", [&] {
  Value m = detail::top(x, axis);
  m = where(is_finite(m), m, 0.0);
  Value y = log(detail::reduce("sum", exp(x - m), axis, true)) + m;
  return keepdims ? y : detail::squeeze(y, axis.resolve(x.rank()));
}())

template <TensorLike X> auto argmax(const X &x, std::int64_t axis = -1) {
  return detail::lift<"Argmax">(
      [](const Value &x, std::int64_t axis) { return emit("argmax", {x}, {{"axis", resolve_axis(axis, x.rank())}}); },
      detail::params(detail::param("axis", axis)), x);
}
template <TensorLike X> auto cumsum(const X &x, std::int64_t axis = 0) {
  return detail::lift<"Cumsum">(
      [](const Value &x, std::int64_t axis) { return emit("cumsum", {x}, {{"axis", resolve_axis(axis, x.rank())}}); },
      detail::params(detail::param("axis", axis)), x);
}

// ---- contractions
/// Matrix product; leading axes of x are free, or batch axes where y has them too.
LAMINA_BINARY_OP(matmul, "Matmul", detail::matmul(x, y))
/// The last axis of x with the first of a two-dimensional y.
LAMINA_BINARY_OP(dot, "Dot", detail::matmul(x, y))
/// StableHLO's general product.
Value dot_general(const Value &x, const Value &y, const std::vector<std::int64_t> &x_contracting,
                  const std::vector<std::int64_t> &y_contracting, const std::vector<std::int64_t> &x_batch = {},
                  const std::vector<std::int64_t> &y_batch = {});
/// Sums of products by index letters, as numpy's: "abc,cd->abd".
Value einsum(const std::string &equation, const Value &x, const Value &y);

// ---- windows, channels last; padding "valid" or "same"
struct WindowOptions {
  std::vector<std::int64_t> strides = {};
  std::string padding = "valid";
  std::vector<std::int64_t> dilations = {};
  std::int64_t groups = 1;
};
namespace detail {
Value conv(const Value &x, const Value &kernel, const WindowOptions &options);
Value pool(std::string_view op, const Value &x, const std::vector<std::int64_t> &window, const WindowOptions &options);
} // namespace detail
template <TensorLike X, TensorLike K> auto conv(const X &x, const K &kernel, const WindowOptions &o = {}) {
  return detail::lift<"Conv">(
      [](const Value &x, const Value &kernel, const auto &strides, const std::string &padding, const auto &dilations,
         std::int64_t groups) { return detail::conv(x, kernel, {strides, padding, dilations, groups}); },
      detail::params(detail::param("strides", o.strides), detail::param("padding", o.padding),
                     detail::param("dilation_rate", o.dilations), detail::param("groups", o.groups)),
      x, kernel);
}
/// The gradient of `conv` by its input, for a kernel [K…, channels of the result, channels of x]. With K′ = (K - 1) ·
/// dilation + 1, a spatial size s becomes s · stride for "same" and (s - 1) · stride + max(K′, stride) for "valid";
/// where output_padding p is given, (s - 1) · stride + K′ mod 2 + p and (s - 1) · stride + K′ + p.
Value conv_transpose(const Value &x, const Value &kernel, const WindowOptions &options = {},
                     const std::vector<std::int64_t> &output_padding = {});
template <TensorLike X> auto max_pool(const X &x, std::vector<std::int64_t> window, const WindowOptions &o = {}) {
  return detail::lift<"MaxPool">(
      [](const Value &x, const auto &window, const auto &strides, const std::string &padding) {
        return detail::pool("max_pool", x, window, {strides, padding, {}, 1});
      },
      detail::params(detail::param("pool_size", window), detail::param("strides", o.strides),
                     detail::param("padding", o.padding)),
      x);
}
template <TensorLike X> auto average_pool(const X &x, std::vector<std::int64_t> window, const WindowOptions &o = {}) {
  return detail::lift<"AveragePool">(
      [](const Value &x, const auto &window, const auto &strides, const std::string &padding) {
        return detail::pool("avg_pool", x, window, {strides, padding, {}, 1});
      },
      detail::params(detail::param("pool_size", window), detail::param("strides", o.strides),
                     detail::param("padding", o.padding)),
      x);
}

// ---- shapes
/// One size may be -1; -2-k stands for the k-th size of x.
template <TensorLike X> auto reshape(const X &x, std::vector<std::int64_t> newshape) {
  return detail::lift<"Reshape">([](const Value &x, const auto &newshape) { return detail::reshape(x, newshape); },
                                 detail::params(detail::param("newshape", newshape)), x);
}
/// Axis i of the result is axis axes[i] of x; reversed where none are given.
template <TensorLike X> auto transpose(const X &x, std::vector<std::int64_t> axes = {}) {
  return detail::lift<"Transpose">([](const Value &x, const auto &axes) { return detail::transpose(x, axes); },
                                   detail::params(detail::param("axes", axes)), x);
}
template <TensorLike X> auto expand_dims(const X &x, std::int64_t axis) {
  return detail::lift<"ExpandDims">([](const Value &x, std::int64_t axis) { return detail::expand_dims(x, axis); },
                                    detail::params(detail::param("axis", axis)), x);
}
template <TensorLike X> auto squeeze(const X &x, Axes axis = {}) {
  return detail::lift<"Squeeze">([](const Value &x, const Axes &axis) { return detail::squeeze(x, axis); },
                                 detail::params(detail::param("axis", axis)), x);
}
/// Rows of x at the indices, clamped to the table.
LAMINA_BINARY_OP(take, "Take", emit("gather", {x, y}))

Value reshape(const Value &x, const Dims &dims);
Value broadcast_to(const Value &x, const Dims &dims);
/// As a slice's limit: the size of the axis.
inline constexpr std::int64_t to_end = std::numeric_limits<std::int64_t>::min();
/// Elements starts[i] to limits[i] of each axis; negative bounds count from the end, `to_end` is the end itself.
Value slice(const Value &x, const std::vector<std::int64_t> &starts, const std::vector<std::int64_t> &limits,
            const std::vector<std::int64_t> &strides = {});
Value slice_axis(const Value &x, std::int64_t axis, std::int64_t start, std::int64_t limit = to_end);
Values split(const Value &x, std::int64_t parts, std::int64_t axis = -1);
Value pad(const Value &x, const std::vector<std::int64_t> &low, const std::vector<std::int64_t> &high,
          double value = 0.0);
/// An axis continued as in mirrors at its ends; `edge` says whether the first and last elements appear in them.
Value pad_mirrored(const Value &x, std::int64_t axis, std::int64_t low, std::int64_t high, bool edge);
Value reverse(const Value &x, const std::vector<std::int64_t> &axes);
/// Chosen elements of an axis: the indices' axes stand in its place.
Value take_along(const Value &x, std::int64_t axis, const Value &indices);
Value one_hot(const Value &indices, std::int64_t depth, DType dtype = DType::Float32);
Value iota(trace::Graph &graph, const Dims &dims, std::int64_t axis, DType dtype = DType::Int32);
Value concatenate(const Values &values, std::int64_t axis = -1);
KerasTensor concatenate(const std::vector<KerasTensor> &tensors, std::int64_t axis = -1);
Tensor concatenate(const std::vector<Tensor> &tensors, std::int64_t axis = -1);
Value stack(const Values &values, std::int64_t axis = 0);

/// Uniform in [0, 1); the bits are a function of seed, stream and position.
Value random_uniform(const Value &seed, const Dims &dims, std::int64_t stream = 0, DType dtype = DType::Float32);
Value random_normal(const Value &seed, const Dims &dims, std::int64_t stream = 0, DType dtype = DType::Float32);

// ---- composed
/// e^(x - max x) / Σ e^(x - max x)
template <TensorLike X> auto softmax(const X &x, Axes axis = -1) {
  return detail::lift<"Softmax">(
      [](const Value &x, const Axes &axis) -> Value {
        Value e = exp(x - detail::top(x, axis));
        return e / sum(e, axis, true);
      },
      detail::params(detail::param("axis", axis)), x);
}
/// x - max x - log Σ e^(x - max x)
template <TensorLike X> auto log_softmax(const X &x, Axes axis = -1) {
  return detail::lift<"LogSoftmax">(
      [](const Value &x, const Axes &axis) -> Value {
        Value shifted = x - detail::top(x, axis);
        return shifted - log(sum(exp(shifted), axis, true));
      },
      detail::params(detail::param("axis", axis)), x);
}
/// x Φ(x) = x (1 + erf(x/√2)) / 2, or its tanh form (which is the default, as in keras.ops).
template <TensorLike X> auto gelu(const X &x, bool approximate = true) {
  return detail::lift<"Gelu">(
      [](const Value &x, bool approximate) -> Value {
        if (approximate)
          return x * (0.5 * (1.0 + tanh(0.79788456080286535588 * (x + 0.044715 * (x * x * x)))));
        return 0.5 * x * (1.0 + erf(x * 0.70710678118654752440));
      },
      detail::params(detail::param("approximate", approximate)), x);
}
LAMINA_UNARY_OP(silu, "Silu", x *sigmoid(x))
LAMINA_UNARY_OP(relu6, "Relu6", minimum(relu(x), 6.0))
LAMINA_UNARY_OP(hard_sigmoid, "HardSigmoid", relu6(x + 3.0) / 6.0)
LAMINA_UNARY_OP(hard_silu, "HardSilu", x *hard_sigmoid(x))
LAMINA_UNARY_OP(log_sigmoid, "LogSigmoid", -softplus(-x))
LAMINA_UNARY_OP(softsign, "Softsign", x / (abs(x) + 1.0))
LAMINA_UNARY_OP(mish, "Mish", x *tanh(softplus(x)))

} // namespace lamina

#endif
