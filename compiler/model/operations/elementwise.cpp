#include "compiler/model/operations/call.h"

#include <cmath>
#include <numbers>

namespace lamina::operations {
namespace {

using V = const Value &;

constexpr double pi = std::numbers::pi, infinity = std::numeric_limits<double>::infinity();

Value is_infinite(V x) {
  Value y = detail::to_float(x);
  return logical_not(logical_or(is_finite(y), is_nan(y)));
}

/// x where it is not NaN, y elsewhere; NaN only where both are.
Value known_of(V x, V y, V both) { return where(is_nan(x), y, where(is_nan(y), x, both)); }

/// The remainder with the divisor's sign.
Value modulo(V x, V y) {
  Value r = detail::binary("rem", x, y);
  Value other_sign = not_equal(less(r, 0), less(y, 0));
  return where(logical_and(not_equal(r, 0), other_sign), r + y, r);
}

/// log (e^(a x) + e^(a y)) / a
Value log_add(V x, V y, double a) {
  Value m = stop_gradient(maximum(x, y));
  return m + log(exp((x - m) * a) + exp((y - m) * a)) / a;
}

Value power_of_two(V x) { return exp(detail::to_float(x) * std::numbers::ln2); }

Value nan_to_num(const Call &c) {
  Value x = c.value(0, "x");
  double largest = x.dtype() == DType::Float64 ? std::numeric_limits<double>::max()
                                               : static_cast<double>(std::numeric_limits<float>::max());
  Value y = where(is_nan(x), c.setting("nan", 0.0), x);
  y = where(equal(y, infinity), c.setting("posinf", largest), y);
  return where(equal(y, -infinity), c.setting("neginf", -largest), y);
}

Value clipped(const Call &c) {
  Value x = c.value(0, "x");
  if (c.has(1, "x_min"))
    x = maximum(x, c.value(1, "x_min"));
  return c.has(2, "x_max") ? Value(minimum(x, c.value(2, "x_max"))) : x;
}

/// The choice of the first condition that holds.
Value selected(const Call &c) {
  Values conditions = c.list(0, "condlist"), choices = c.list(1, "choicelist");
  if (conditions.size() != choices.size())
    throw Error("expects as many choices as conditions, got " + std::to_string(choices.size()) + " and " +
                std::to_string(conditions.size()));
  Value y = c.optional(2, "default");
  if (!y.defined())
    y = detail::weak_constant(c.graph(), 0, false, choices.at(0).dtype());
  for (std::size_t i = conditions.size(); i-- > 0;)
    y = where(conditions[i], choices[i], y);
  return y;
}

Value is_close(const Call &c) {
  Value x = c.value(0, "x1"), y = c.value(1, "x2");
  Value close = abs(x - y) <= c.option(3, "atol", 1e-8) + c.option(2, "rtol", 1e-5) * abs(y);
  close = logical_or(close, equal(x, y));
  return c.setting("equal_nan", false) ? Value(logical_or(close, logical_and(is_nan(x), is_nan(y)))) : close;
}

/// Giles's polynomials, which are good to float32.
Value inverse_erf(V x_in) {
  Value x = detail::to_float(x_in), w = -log1p(-square(x)), far = greater_equal(w, 5.0);
  auto polynomial = [](V t, std::initializer_list<double> coefficients) {
    Value y = detail::number(t, 0);
    for (double c : coefficients)
      y = y * t + c;
    return y;
  };
  Value near_zero =
      polynomial(where(far, 0.0, w - 2.5), {2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06,
                                            0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941});
  Value tail =
      polynomial(sqrt(where(far, w, 9.0)) - 3.0, {-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844,
                                                  0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682});
  Value y = x * where(far, tail, near_zero);
  return where(equal(x, 1.0), infinity, where(equal(x, -1.0), -infinity, y));
}

/// The mean of e^(x cos θ) over the circle, of which 64 points are enough as far as float32 goes.
Value bessel_i0(V x_in) {
  Value x = detail::to_float(x_in);
  std::vector<double> cosines, weights;
  for (int i = 0; i <= 32; ++i) {
    cosines.push_back(std::cos(pi * i / 32));
    weights.push_back(i % 32 ? 1.0 / 32 : 1.0 / 64);
  }
  auto of_type = [&](const std::vector<double> &values) {
    return constant(x.graph(), Tensor(values).astype(x.dtype()));
  };
  return sum(exp(expand_dims(x, -1) * of_type(cosines)) * of_type(weights), -1);
}

/// The numbers of a type reach up to 2^exponent (1 - 2^-digits).
struct Reach {
  int exponent, digits;
  double least() const { return digits == 1 ? 0 : -std::ldexp(1.0, exponent); }
};

Reach reach_of(DType dtype) {
  switch (dtype) {
  case DType::Bool: return {1, 1};
  case DType::Float16: return {16, 11};
  case DType::BFloat16: return {128, 8};
  case DType::Float32: return {128, 24};
  case DType::Float64: return {1024, 53};
  default: return {8 * static_cast<int>(size_of(dtype)) - 1, 8 * static_cast<int>(size_of(dtype)) - 1};
  }
}

/// What is out of the type's range becomes the nearest number in it.
Value saturated(const Call &c) {
  Value x = c.value(0, "x");
  DType dtype = dtype_from_name(c.setting("dtype", std::string("float32")));
  Reach from = reach_of(x.dtype()), to = reach_of(dtype);
  if (is_floating(x.dtype()) || from.exponent > to.exponent) {
    int digits = from.exponent < to.exponent ? from.digits : std::min(from.digits, to.digits);
    double most = std::ldexp(1 - std::ldexp(1.0, -digits), std::min(from.exponent, to.exponent));
    x = clip(x, is_floating(dtype) || from.exponent < to.exponent ? -most : to.least(), most);
  }
  return detail::to(x, dtype);
}

} // namespace

void add_elementwise(Table &table) {
  Table::Module core(table, "ops.core"), math(table, "ops.math"), numpy(table, "ops.numpy");
  math.unary({
      {"Erf", [](V x) -> Value { return erf(x); }},
      {"Erfc", [](V x) -> Value { return 1.0 - erf(x); }},
      {"Erfinv", inverse_erf},
      {"Rsqrt", [](V x) -> Value { return rsqrt(x); }},
  });
  core.calls({
      {"Cast", [](const Call &c) -> Values { return {c.cast_to_setting(c.value(0, "x"))}; }},
      {"ConvertToTensor", [](const Call &c) -> Values { return {c.cast_to_setting(c.value(0, "x"))}; }},
      {"SaturateCast", [](const Call &c) -> Values { return {saturated(c)}; }},
      {"StopGradient", [](const Call &c) -> Values { return {stop_gradient(c.value(0, "variable"))}; }},
  });
  numpy.unary({
      {"Abs", [](V x) -> Value { return abs(x); }},
      {"Absolute", [](V x) -> Value { return abs(x); }},
      {"Angle", [](V x) -> Value { return where(less(x, 0), pi, zeros_like(detail::to_float(x))); }},
      {"Arccos", [](V x) -> Value { return arctan2(sqrt((1.0 - x) * (1.0 + x)), x); }},
      {"Arccosh", [](V x) -> Value { return log(x + sqrt((x - 1.0) * (x + 1.0))); }},
      {"Arcsin", [](V x) -> Value { return arctan2(x, sqrt((1.0 - x) * (1.0 + x))); }},
      {"Arcsinh",
       [](V x) -> Value {
         // x = sinh y: cancellation is avoided for x < 0.
         Value a = abs(detail::to_float(x)), s = square(a);
         return sign(x) * log1p(a + s / (1.0 + sqrt(s + 1.0)));
       }},
      {"Arctan", [](V x) -> Value { return arctan2(x, 1.0); }},
      {"Arctanh", [](V x) -> Value { return 0.5 * (log1p(x) - log1p(-x)); }},
      {"Cbrt", [](V x) -> Value { return sign(x) * power(abs(detail::to_float(x)), 1.0 / 3.0); }},
      {"Ceil", [](V x) -> Value { return ceil(x); }},
      {"Conj", [](V x) -> Value { return x; }},
      {"Conjugate", [](V x) -> Value { return x; }},
      {"Copy", [](V x) -> Value { return x; }},
      {"Cos", [](V x) -> Value { return cos(x); }},
      {"Cosh", [](V x) -> Value { return 0.5 * (exp(x) + exp(-x)); }},
      {"Deg2rad", [](V x) -> Value { return x * (pi / 180.0); }},
      {"Exp", [](V x) -> Value { return exp(x); }},
      {"Exp2", [](V x) -> Value { return power_of_two(x); }},
      {"Expm1", [](V x) -> Value { return expm1(x); }},
      {"Fabs", [](V x) -> Value { return abs(detail::to_float(x)); }},
      {"Floor", [](V x) -> Value { return floor(x); }},
      {"I0", bessel_i0},
      {"Imag", [](V x) -> Value { return zeros_like(x); }},
      {"Isfinite", [](V x) -> Value { return is_finite(detail::to_float(x)); }},
      {"Isinf", is_infinite},
      {"Isnan", [](V x) -> Value { return is_nan(x); }},
      {"Isneginf", [](V x) -> Value { return logical_and(is_infinite(x), less(x, 0)); }},
      {"Isposinf", [](V x) -> Value { return logical_and(is_infinite(x), greater(x, 0)); }},
      {"Isreal", [](V x) -> Value { return equal(zeros_like(x), 0); }},
      {"Log", [](V x) -> Value { return log(x); }},
      {"Log10", [](V x) -> Value { return log10(detail::to_float(x)); }},
      {"Log1p", [](V x) -> Value { return log1p(x); }},
      {"Log2", [](V x) -> Value { return log2(detail::to_float(x)); }},
      {"LogicalNot", [](V x) -> Value { return logical_not(x); }},
      {"Negative", [](V x) -> Value { return -x; }},
      {"Rad2deg", [](V x) -> Value { return x * (180.0 / pi); }},
      {"Real", [](V x) -> Value { return x; }},
      {"Reciprocal", [](V x) -> Value { return reciprocal(x); }},
      {"Sign", [](V x) -> Value { return sign(x); }},
      {"Signbit", [](V x) -> Value { return logical_or(less(x, 0), logical_and(equal(x, 0), less(1.0 / x, 0))); }},
      {"Sin", [](V x) -> Value { return sin(x); }},
      {"Sinc",
       [](V x) -> Value {
         Value zero = equal(x, 0), angle = pi * where(zero, 1.0, x);
         return where(zero, 1.0, sin(angle) / angle);
       }},
      {"Sinh", [](V x) -> Value { return 0.5 * (expm1(x) - expm1(-x)); }},
      {"Sqrt", [](V x) -> Value { return sqrt(x); }},
      {"Square", [](V x) -> Value { return square(x); }},
      {"Tan", [](V x) -> Value { return sin(x) / cos(x); }},
      {"Tanh", [](V x) -> Value { return tanh(x); }},
      {"Trunc", [](V x) -> Value { return where(less(x, 0), ceil(x), floor(x)); }},
  });
  numpy.binary({
      {"Add", [](V x, V y) -> Value { return x + y; }},
      {"Arctan2", [](V x, V y) -> Value { return arctan2(x, y); }},
      {"Divide", [](V x, V y) -> Value { return x / y; }},
      {"DivideNoNan", [](V x, V y) -> Value { return where(equal(y, 0), 0.0, x / where(equal(y, 0), 1, y)); }},
      {"Equal", [](V x, V y) -> Value { return equal(x, y); }},
      {"FloorDivide", [](V x, V y) -> Value { return floor_divide(x, y); }},
      {"Fmax", [](V x, V y) -> Value { return known_of(x, y, maximum(x, y)); }},
      {"Fmin", [](V x, V y) -> Value { return known_of(x, y, minimum(x, y)); }},
      {"Fmod", [](V x, V y) -> Value { return detail::binary("rem", x, y); }},
      {"Greater", [](V x, V y) -> Value { return greater(x, y); }},
      {"GreaterEqual", [](V x, V y) -> Value { return greater_equal(x, y); }},
      {"Heaviside", [](V x, V y) -> Value { return where(less(x, 0), 0.0, where(greater(x, 0), 1.0, y)); }},
      {"Hypot", [](V x, V y) -> Value { return sqrt(square(x) + square(y)); }},
      {"Ldexp", [](V x, V y) -> Value { return x * power_of_two(y); }},
      {"Less", [](V x, V y) -> Value { return less(x, y); }},
      {"LessEqual", [](V x, V y) -> Value { return less_equal(x, y); }},
      {"Logaddexp", [](V x, V y) -> Value { return log_add(x, y, 1.0); }},
      {"Logaddexp2", [](V x, V y) -> Value { return log_add(x, y, std::numbers::ln2); }},
      {"LogicalAnd", [](V x, V y) -> Value { return logical_and(x, y); }},
      {"LogicalOr", [](V x, V y) -> Value { return logical_or(x, y); }},
      {"LogicalXor", [](V x, V y) -> Value { return not_equal(detail::to_bool(x), detail::to_bool(y)); }},
      {"Maximum", [](V x, V y) -> Value { return maximum(x, y); }},
      {"Minimum", [](V x, V y) -> Value { return minimum(x, y); }},
      {"Mod", modulo},
      {"Multiply", [](V x, V y) -> Value { return x * y; }},
      {"NotEqual", [](V x, V y) -> Value { return not_equal(x, y); }},
      {"Power", [](V x, V y) -> Value { return power(x, y); }},
      {"Subtract", [](V x, V y) -> Value { return x - y; }},
      {"TrueDivide", [](V x, V y) -> Value { return x / y; }},
  });
  numpy.calls({
      {"AllClose", [](const Call &c) -> Values { return {all(is_close(c))}; }},
      {"Array", [](const Call &c) -> Values { return {c.cast_to_setting(c.value(0, "x"))}; }},
      {"Clip", [](const Call &c) -> Values { return {clipped(c)}; }},
      {"EmptyLike", [](const Call &c) -> Values { return {zeros_like(c.cast_to_setting(c.value(0, "x")))}; }},
      {"FullLike",
       [](const Call &c) -> Values {
         Value x = c.cast_to_setting(c.value(0, "x"));
         return {broadcast_to(detail::to(c.value(1, "fill_value"), x.dtype()), dims_of(x))};
       }},
      {"Isclose", [](const Call &c) -> Values { return {is_close(c)}; }},
      {"NanToNum", [](const Call &c) -> Values { return {nan_to_num(c)}; }},
      {"OnesLike", [](const Call &c) -> Values { return {ones_like(c.cast_to_setting(c.value(0, "x")))}; }},
      {"Round",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         double scale = std::pow(10.0, static_cast<double>(c.axis(0, "decimals")));
         return {scale == 1.0 ? Value(round(x)) : Value(round(x * scale) / scale)};
       }},
      {"Select", [](const Call &c) -> Values { return {selected(c)}; }},
      {"Where",
       [](const Call &c) -> Values { return {where(c.value(0, "condition"), c.value(1, "x1"), c.value(2, "x2"))}; }},
      {"ZerosLike", [](const Call &c) -> Values { return {zeros_like(c.cast_to_setting(c.value(0, "x")))}; }},
  });
}

} // namespace lamina::operations
