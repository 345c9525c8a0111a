#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"

namespace lamina::operations {
namespace {

using V = const Value &;

/// From start to stop in equal steps, along a new axis.
Value spaced(V start, V stop, std::int64_t count, bool endpoint, std::int64_t axis) {
  layers::check_positive(count, "num");
  Value a = detail::to_float(start), b = detail::to_float(stop);
  a = a + zeros_like(b);
  b = b + zeros_like(a);
  axis = resolve_axis(axis, a.rank() + 1);
  a = expand_dims(a, axis);
  b = expand_dims(b, axis);
  if (count == 1)
    return a;
  std::int64_t parts = endpoint ? count - 1 : count;
  Dims dims(static_cast<std::size_t>(a.rank()), Dim(1));
  dims[static_cast<std::size_t>(axis)] = Dim(parts);
  Value share = cast(iota(a.graph(), dims, axis), a.dtype()) / static_cast<double>(parts);
  Value y = a * (1.0 - share) + b * share;
  return endpoint ? concatenate({y, b}, axis) : y;
}

Value spaced(const Call &c, V start, V stop) {
  return spaced(start, stop, c.axis(50, "num"), c.setting("endpoint", true), c.axis(0));
}

/// In the type of the setting: integers are rounded down.
Value to_setting(const Call &c, V x) {
  std::string dtype = c.setting("dtype", std::string());
  return c.cast_to_setting(dtype.empty() || is_floating(dtype_from_name(dtype)) ? x : Value(floor(x)));
}

Values linspace(const Call &c) {
  if (c.setting("retstep", false))
    throw Error("retstep=True is not supported");
  return {to_setting(c, spaced(c, c.value(0, "start"), c.value(1, "stop")))};
}

Values logspace(const Call &c) {
  return {c.cast_to_setting(power(c.setting("base", 10.0), spaced(c, c.value(0, "start"), c.value(1, "stop"))))};
}

Values geomspace(const Call &c) {
  Value start = detail::to_float(c.value(0, "start")), stop = detail::to_float(c.value(1, "stop"));
  Value side = sign(start), exponents = spaced(c, log10(start / side), log10(stop / side));
  side = expand_dims(side + zeros_like(stop), resolve_axis(c.axis(0), exponents.rank()));
  return {c.cast_to_setting(side * power(10.0, exponents))};
}

/// How many elements lie between the edges of equal bins, and the edges. The last bin has its upper edge, too.
Values histogram(const Call &c) {
  Value x = detail::to_float(c.value(0, "x"));
  layers::check_rank(x.shape(), 1);
  std::int64_t bins = c.axis(10, "bins");
  std::vector<double> range = c.setting("range", std::vector<double>());
  Value low = range.empty() ? Value(min(x)) : detail::number(x, range.at(0)),
        high = range.empty() ? Value(max(x)) : detail::number(x, range.at(1)), flat = equal(low, high);
  Value edges = spaced(where(flat, low - 0.5, low), where(flat, high + 0.5, high), bins + 1, true, 0);
  Value row = expand_dims(x, 0), last = slice_axis(edges, 0, -1);
  Value reached = greater_equal(row, expand_dims(edges, 1)), at_end = equal(row, last);
  Value within = logical_and(slice_axis(reached, 0, 0, -1),
                             logical_or(logical_not(slice_axis(reached, 0, 1)),
                                        logical_and(at_end, equal(iota(x.graph(), {Dim(bins), Dim(1)}, 0), bins - 1))));
  return {sum(cast(within, x.dtype()), 1), edges};
}

Value trapezoid(const Call &c) {
  Value y = detail::to_float(c.value(0, "y")), x = c.optional(1, "x");
  std::int64_t axis = c.axis(-1);
  y = move_axis(y, axis, -1);
  auto after = [](V v) { return slice_axis(v, -1, 1); };
  auto before = [](V v) { return slice_axis(v, -1, 0, -1); };
  Value sums = 0.5 * (after(y) + before(y));
  if (x.defined()) {
    x = x.rank() == 1 ? x : move_axis(x, axis, -1);
    return sum(sums * (after(x) - before(x)), -1);
  }
  Value step = c.optional(2, "dx");
  return sum(step.defined() ? Value(sums * step) : sums, -1);
}

/// Powers of each element, in a row.
Value vandermonde(const Call &c) {
  Value x = c.value(0, "x");
  layers::check_rank(x.shape(), 1);
  const Config *given = c.setting("N");
  std::int64_t count = given ? given->as_int() : known_size(x, 0);
  layers::check_positive(count, "N");
  Values powers{ones_like(x)};
  while (static_cast<std::int64_t>(powers.size()) < count)
    powers.push_back(powers.back() * x);
  if (!c.setting("increasing", false))
    std::ranges::reverse(powers);
  return stack(powers, 1);
}

Value full(const Call &c) {
  std::vector<std::int64_t> shape = c.setting("shape", std::vector<std::int64_t>());
  DType dtype = dtype_from_name(c.setting("dtype", std::string("float32")));
  return broadcast_to(detail::to(c.value(0, "fill_value"), dtype), Dims(shape.begin(), shape.end()));
}

Value size(V x) {
  if (x.shape().is_static())
    return constant(x.graph(), static_cast<double>(x.shape().num_elements()), DType::Int32);
  return cast(emit("size", {x}, {{"axes", Axes().resolve(x.rank())}}), DType::Int32);
}

} // namespace

void add_sequences(Table &table) {
  Table::Module numpy(table, "ops.numpy");
  numpy.unary({{"Size", size}});
  numpy.calls({
      {"Full", [](const Call &c) -> Values { return {full(c)}; }},
      {"Geomspace", geomspace},
      {"Histogram", histogram},
      {"Linspace", linspace},
      {"Logspace", logspace},
      {"Trapezoid", [](const Call &c) -> Values { return {trapezoid(c)}; }},
      {"Vander", [](const Call &c) -> Values { return {vandermonde(c)}; }},
  });
}

} // namespace lamina::operations
