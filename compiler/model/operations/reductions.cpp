#include "compiler/model/operations/call.h"

#include <cmath>

namespace lamina::operations {
namespace {

using V = const Value &;
using A = const Axes &;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Of a flat array where the setting axis is None.
Value along(const Call &c, Value (*function)(V x, std::int64_t axis)) {
  Value x = c.value(0, "x");
  std::optional<std::int64_t> axis = c.open_axis();
  return axis ? function(x, resolve_axis(*axis, x.rank())) : function(flat(x), 0);
}

Value index_of(const Call &c, Value (*function)(V x, std::int64_t axis)) {
  Value y = along(c, function);
  if (!c.keepdims())
    return y;
  if (std::optional<std::int64_t> axis = c.open_axis())
    return expand_dims(y, *axis);
  return reshape(y, std::vector<std::int64_t>(static_cast<std::size_t>(c.value(0, "x").rank()), 1));
}

Value index_of_largest(V x, std::int64_t axis) { return argmax(x, axis); }
Value index_of_least(V x, std::int64_t axis) { return argmax(-x, axis); }

Value running_sum(V x, std::int64_t axis) { return cumsum(x, axis); }

Value running_product(V x, std::int64_t axis) {
  Value steps = move_axis(x, axis, 0);
  Value one = ones_like(squeeze(slice_axis(steps, 0, 0, 1), 0));
  Values results = scan(Values{one}, Values{steps}, [](std::span<const Value> states, std::span<const Value> slices) {
    Value product = states[0] * slices[0];
    return ScanStep{{product}, {product}};
  });
  return move_axis(results[1], 0, axis);
}

/// What takes part in the reductions that leave NaN out.
Value without_nan(V x, double otherwise) { return where(is_nan(x), otherwise, x); }
Value count_known(V x, A axes, bool keepdims) {
  return sum(cast(logical_not(is_nan(x)), detail::to_float(x).dtype()), axes, keepdims);
}
Value mean_known(V x, A axes, bool keepdims) {
  return sum(without_nan(x, 0.0), axes, keepdims) / count_known(x, axes, keepdims);
}
Value variance_known(V x, A axes, bool keepdims) {
  // Nothing of a NaN may reach the derivative.
  Value distance = where(is_nan(x), 0.0, x - mean_known(x, axes, true));
  return sum(square(distance), axes, keepdims) / count_known(x, axes, keepdims);
}
/// Where all are NaN, so is the result.
Value extreme_known(V x, A axes, bool keepdims, bool largest) {
  Value y = largest ? Value(max(without_nan(x, -infinity), axes, keepdims))
                    : Value(min(without_nan(x, infinity), axes, keepdims));
  return where(greater(count_known(x, axes, keepdims), 0), y, std::numeric_limits<double>::quiet_NaN());
}

/// -1 where all are NaN.
Value index_known(V x, std::int64_t axis, bool largest) {
  Value y =
      largest ? index_of_largest(without_nan(x, -infinity), axis) : index_of_least(without_nan(x, infinity), axis);
  return where(all(is_nan(x), axis), -1, y);
}

Value with_initial(const Call &c, V y, bool largest) {
  if (!c.setting("initial"))
    return y;
  Value initial = c.value(3, "initial");
  return largest ? Value(maximum(y, initial)) : Value(minimum(y, initial));
}

/// As files write infinity: JSON has none.
bool is_unbounded(double p) { return std::abs(p) >= std::numeric_limits<double>::max(); }

/// As Keras's: of a vector or a matrix. Errors: orders that need singular values.
Value norm(const Call &c) {
  Value x = detail::to_float(c.value(0, "x"));
  Axes axes = c.axes();
  bool keepdims = c.keepdims();
  const Config *order = c.setting("ord");
  if (!order)
    return sqrt(sum(square(x), axes, keepdims));
  std::vector<std::int64_t> over = axes.has_value() ? *axes : Axes().resolve(x.rank());
  auto refuse = [&] {
    throw Error("a norm of order " + order->str() + " is not supported over " + std::to_string(over.size()) + " axes");
  };
  Value size = abs(x);
  if (over.size() == 1) {
    if (!order->is_number())
      refuse();
    double p = order->as_double();
    if (is_unbounded(p))
      return p > 0 ? Value(max(size, axes, keepdims)) : Value(min(size, axes, keepdims));
    if (p == 0)
      return sum(cast(not_equal(x, 0), x.dtype()), over, keepdims);
    if (p == 1)
      return sum(size, over, keepdims);
    return p == 2 ? Value(sqrt(sum(square(x), over, keepdims)))
                  : Value(power(sum(power(size, p), over, keepdims), 1 / p));
  }
  if (over.size() != 2)
    refuse();
  if (order->is_string() && order->as_string() == "fro")
    return sqrt(sum(square(x), over, keepdims));
  double p = order->is_number() ? order->as_double() : 0;
  if (std::abs(p) != 1 && !is_unbounded(p))
    refuse();
  // The sums of columns, or of rows where the order is infinite.
  std::int64_t rows = resolve_axis(over[0], x.rank()), columns = resolve_axis(over[1], x.rank());
  Value sums = is_unbounded(p) ? Value(sum(size, columns, true)) : Value(sum(size, rows, true));
  return p > 0 ? Value(max(sums, over, keepdims)) : Value(min(sums, over, keepdims));
}

Value average(const Call &c) {
  Value x = detail::to_float(c.value(0, "x")), weights = c.optional(1, "weights");
  Axes axes = c.axes();
  if (!weights.defined())
    return mean(x, axes);
  if (weights.rank() == 1 && x.rank() > 1) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.rank()), 1);
    shape[static_cast<std::size_t>(axes.resolve(x.rank()).at(0))] = -1;
    weights = reshape(weights, shape);
  }
  return sum(x * weights, axes) / sum(weights * ones_like(x), axes);
}

} // namespace

void add_reductions(Table &table) {
  Table::Module math(table, "ops.math"), nn(table, "ops.nn"), numpy(table, "ops.numpy"), linalg(table, "ops.linalg");
  math.reductions({{"Logsumexp", [](V x, A axes, bool keepdims) -> Value { return logsumexp(x, axes, keepdims); }}});
  linalg.calls({{"Norm", [](const Call &c) -> Values { return {norm(c)}; }}});
  nn.calls({
      {"Moments",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         Axes axes = c.axes("axes");
         return {mean(x, axes, c.keepdims()), variance(x, axes, c.keepdims())};
       }},
  });
  numpy.reductions({
      {"All", [](V x, A axes, bool keepdims) -> Value { return all(x, axes, keepdims); }},
      {"Amax", [](V x, A axes, bool keepdims) -> Value { return max(x, axes, keepdims); }},
      {"Amin", [](V x, A axes, bool keepdims) -> Value { return min(x, axes, keepdims); }},
      {"Any", [](V x, A axes, bool keepdims) -> Value { return any(x, axes, keepdims); }},
      {"CountNonzero", [](V x, A axes, bool) -> Value { return sum(cast(not_equal(x, 0), DType::Int32), axes); }},
      {"Mean", [](V x, A axes, bool keepdims) -> Value { return mean(x, axes, keepdims); }},
      {"Nanmax", [](V x, A axes, bool keepdims) -> Value { return extreme_known(x, axes, keepdims, true); }},
      {"Nanmean", mean_known},
      {"Nanmin", [](V x, A axes, bool keepdims) -> Value { return extreme_known(x, axes, keepdims, false); }},
      {"Nanprod", [](V x, A axes, bool keepdims) -> Value { return prod(without_nan(x, 1.0), axes, keepdims); }},
      {"Nanstd", [](V x, A axes, bool keepdims) -> Value { return sqrt(variance_known(x, axes, keepdims)); }},
      {"Nansum", [](V x, A axes, bool keepdims) -> Value { return sum(without_nan(x, 0.0), axes, keepdims); }},
      {"Nanvar", variance_known},
      {"Ptp", [](V x, A axes, bool keepdims) -> Value { return max(x, axes, keepdims) - min(x, axes, keepdims); }},
      {"Std", [](V x, A axes, bool keepdims) -> Value { return sqrt(variance(x, axes, keepdims)); }},
      {"Sum", [](V x, A axes, bool keepdims) -> Value { return sum(x, axes, keepdims); }},
      {"Var", [](V x, A axes, bool keepdims) -> Value { return variance(x, axes, keepdims); }},
  });
  numpy.calls({
      {"Argmax", [](const Call &c) -> Values { return {index_of(c, index_of_largest)}; }},
      {"Argmin", [](const Call &c) -> Values { return {index_of(c, index_of_least)}; }},
      {"Average", [](const Call &c) -> Values { return {average(c)}; }},
      {"Cumprod", [](const Call &c) -> Values { return {c.cast_to_setting(along(c, running_product))}; }},
      {"Cumsum", [](const Call &c) -> Values { return {c.cast_to_setting(along(c, running_sum))}; }},
      {"Max",
       [](const Call &c) -> Values { return {with_initial(c, max(c.value(0, "x"), c.axes(), c.keepdims()), true)}; }},
      {"Min",
       [](const Call &c) -> Values { return {with_initial(c, min(c.value(0, "x"), c.axes(), c.keepdims()), false)}; }},
      {"Nanargmax",
       [](const Call &c) -> Values {
         return {index_of(c, [](V x, std::int64_t axis) { return index_known(x, axis, true); })};
       }},
      {"Nanargmin",
       [](const Call &c) -> Values {
         return {index_of(c, [](V x, std::int64_t axis) { return index_known(x, axis, false); })};
       }},
      {"Nancumprod",
       [](const Call &c) -> Values {
         return {along(c, [](V x, std::int64_t axis) { return running_product(without_nan(x, 1.0), axis); })};
       }},
      {"Nancumsum",
       [](const Call &c) -> Values {
         return {along(c, [](V x, std::int64_t axis) { return running_sum(without_nan(x, 0.0), axis); })};
       }},
      {"Prod",
       [](const Call &c) -> Values { return {prod(c.cast_to_setting(c.value(0, "x")), c.axes(), c.keepdims())}; }},
  });
}

} // namespace lamina::operations
