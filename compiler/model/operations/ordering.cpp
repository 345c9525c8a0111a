// Sorting without a sort: an element's place is the number of those that come before it, all pairs compared.

#include "compiler/model/operations/call.h"

#include <cmath>

namespace lamina::operations {
namespace {

using V = const Value &;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Which element stands at each place of the last axis once it is sorted; of equal ones the first comes first.
Value sorting_order(V x, bool descending) {
  std::int64_t n = known_size(x, -1);
  Value one = expand_dims(x, -1), other = expand_dims(x, -2);
  Value i = iota(x.graph(), {n, n}, 0), j = iota(x.graph(), {n, n}, 1);
  Value before =
      logical_or(descending ? Value(other > one) : Value(other < one), logical_and(equal(one, other), j < i));
  Value place = sum(cast(before, DType::Int32), -1, true);
  return sum(where(equal(place, j), i, 0), -2);
}

Value sorted(V x, bool descending = false) { return take_along_axis(x, sorting_order(x, descending), -1); }

/// Of the last axis; flat where the setting axis is None.
template <typename F> Value last_axis(const Call &c, F function) {
  Value x = c.value(0, "x");
  if (c.setting("axis") == nullptr)
    return function(flat(x));
  std::int64_t axis = resolve_axis(c.axis(-1), x.rank());
  return move_axis(function(move_axis(x, axis, -1)), -1, axis);
}

/// The axes of a reduction as one last axis.
Value gathered(V x, const Axes &axes) {
  if (!axes.has_value())
    return flat(x);
  std::vector<std::int64_t> over = axes.resolve(x.rank()), order, shape;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    if (std::ranges::find(over, i) == over.end()) {
      order.push_back(i);
      shape.push_back(-2 - static_cast<std::int64_t>(shape.size()));
    }
  order.insert(order.end(), over.begin(), over.end());
  shape.push_back(-1);
  return reshape(transpose(x, order), shape);
}

Value with_axes(V y, std::vector<std::int64_t> axes) {
  Value result = y;
  for (std::int64_t axis : axes)
    result = expand_dims(result, axis);
  return result;
}

/// Between the elements at two places, the second of which is nearer to the share `weight`.
template <typename W> Value between(V low, V high, const W &weight, const std::string &method) {
  if (method == "lower")
    return low;
  if (method == "higher")
    return high;
  if (method == "midpoint")
    return (low + high) * 0.5;
  if (method != "linear")
    throw Error("method must be linear, lower, higher, midpoint or nearest, got '" + method + "'");
  return low * (1.0 - weight) + high * weight;
}

/// Of the last axis of a sorted array.
Value quantile_of(V sorted, double q, const std::string &method) {
  double place = q * static_cast<double>(known_size(sorted, -1) - 1), low = std::floor(place), weight = place - low;
  auto at = [&](double i) {
    auto index = static_cast<std::int64_t>(i);
    return squeeze(slice_axis(sorted, -1, index, index + 1), -1);
  };
  if (method == "nearest")
    return at(weight <= 0.5 ? low : low + 1);
  return between(at(low), at(std::ceil(place)), weight, method);
}

/// The same of arrays of which the first `count` elements, as floating-point numbers, take part.
Value quantile_of(V sorted, V count, double q, const std::string &method) {
  Value last = maximum(count - 1.0, 0.0), place = last * q, low = floor(place), weight = place - low;
  auto at = [&](V i) {
    return squeeze(take_along_axis(sorted, expand_dims(cast(minimum(i, last), DType::Int32), -1), -1), -1);
  };
  Value y = method == "nearest" ? at(where(less_equal(weight, 0.5), low, low + 1.0))
                                : between(at(low), at(ceil(place)), weight, method);
  return where(equal(count, 0), nan, y);
}

/// Quantiles q of x over the axes of the call: one, or several along a new first axis.
Value quantiles(const Call &c, const Config &q, double scale, bool without_nan) {
  Value x = detail::to_float(c.value(0, "x"));
  Value parts = gathered(x, c.axes());
  Value unknown = is_nan(parts);
  Value count = sum(cast(logical_not(unknown), x.dtype()), -1);
  Value values = sorted(where(unknown, std::numeric_limits<double>::infinity(), parts));
  std::string method = c.setting("method", std::string("linear"));
  auto one = [&](const Config &number) {
    double share = number.as_double() * scale;
    if (!(share >= 0 && share <= 1))
      throw Error("a quantile must lie in [0, 1], got " + Config(share).str());
    Value y = without_nan ? quantile_of(values, count, share, method)
                          : Value(where(any(unknown, -1), nan, quantile_of(values, share, method)));
    return c.keepdims() ? with_axes(y, c.axes().resolve(x.rank())) : y;
  };
  if (q.is_number())
    return one(q);
  Values results;
  for (const Config &number : q.as_list())
    results.push_back(one(number));
  return stack(results, 0);
}

Values known_quantiles(const Call &c, double scale, bool without_nan) {
  const Config *q = numbers_of(c.find(1, "q"));
  if (!q || (!q->is_number() && !q->is_list()))
    throw Error("the quantiles must be known numbers");
  return {quantiles(c, *q, scale, without_nan)};
}

/// The first kth + 1 in order, then the others as they stood.
Value partition_order(V x, std::int64_t kth) {
  std::int64_t n = known_size(x, -1);
  kth = resolve_axis(kth, n);
  Value first = slice_axis(sorting_order(x, false), -1, 0, kth + 1);
  Value chosen = any(equal(expand_dims(first, -1), iota(x.graph(), {Dim(n)}, 0)), -2);
  Value rest = slice_axis(sorting_order(cast(chosen, DType::Int32), false), -1, 0, n - 1 - kth);
  return concatenate({first, rest}, -1);
}

/// The number of elements of a sorted sequence below each value, or not above it.
Value places(V sequence, V values, bool right) {
  Value one = expand_dims(values, -1);
  return sum(cast(right ? Value(less_equal(sequence, one)) : Value(less(sequence, one)), DType::Int32), -1);
}

} // namespace

Value take_along_axis(V x_in, V indices_in, std::int64_t axis) {
  axis = resolve_axis(axis, x_in.rank());
  if (x_in.rank() != indices_in.rank())
    throw Error("indices of shape " + indices_in.shape().str() + " do not fit shape " + x_in.shape().str());
  std::int64_t n = known_size(x_in, axis);
  Value x = move_axis(x_in, axis, -1), indices = move_axis(indices_in, axis, -1);
  // Other axes of size 1 stand for all.
  Dims dims = dims_of(x);
  dims.back() = Dim(indices, -1);
  indices = broadcast_to(where(less(indices, 0), indices + n, indices), dims);
  std::int64_t m = indices.shape().back();
  Value rows = reshape(x, std::vector<std::int64_t>{-1, n});
  Value at = iota(x.graph(), {Dim(rows, 0), Dim(1)}, 0, indices.dtype()) * n +
             reshape(indices, std::vector<std::int64_t>{-1, known_size(indices, -1)});
  Value y = take(flat(rows), at);
  dims.back() = Dim(m);
  return move_axis(reshape(y, dims), -1, axis);
}

void add_ordering(Table &table) {
  Table::Module math(table, "ops.math"), numpy(table, "ops.numpy");
  math.calls({
      {"InTopK",
       [](const Call &c) -> Values {
         Value targets = c.value(0, "targets"), predictions = c.value(1, "predictions");
         Value own = take_along_axis(predictions, expand_dims(targets, -1), -1);
         return {less(sum(cast(predictions > own, DType::Int32), -1), c.axis(1, "k"))};
       }},
      {"TopK",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         Value indices = slice_axis(sorting_order(x, true), -1, 0, c.axis(1, "k"));
         return {take_along_axis(x, indices, -1), indices};
       }},
  });
  numpy.calls({
      {"Argpartition",
       [](const Call &c) -> Values {
         return {last_axis(c, [&](V x) { return partition_order(x, c.axis(0, "kth")); })};
       }},
      {"Argsort", [](const Call &c) -> Values { return {last_axis(c, [](V x) { return sorting_order(x, false); })}; }},
      {"Digitize",
       [](const Call &c) -> Values { return {places(c.value(1, "bins"), c.value(0, "x"), /*right=*/true)}; }},
      {"Median", [](const Call &c) -> Values { return {quantiles(c, 0.5, 1.0, false)}; }},
      {"Nanmedian", [](const Call &c) -> Values { return {quantiles(c, 0.5, 1.0, true)}; }},
      {"Nanpercentile", [](const Call &c) { return known_quantiles(c, 0.01, true); }},
      {"Nanquantile", [](const Call &c) { return known_quantiles(c, 1.0, true); }},
      {"Percentile", [](const Call &c) { return known_quantiles(c, 0.01, false); }},
      {"Quantile", [](const Call &c) { return known_quantiles(c, 1.0, false); }},
      {"SearchSorted",
       [](const Call &c) -> Values {
         return {places(c.value(0, "sorted_sequence"), c.value(1, "values"),
                        c.setting("side", std::string("left")) == "right")};
       }},
      {"Sort", [](const Call &c) -> Values { return {last_axis(c, [](V x) { return sorted(x); })}; }},
  });
}

} // namespace lamina::operations
