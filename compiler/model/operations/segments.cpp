// Rows brought together by their indices.

#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"

#include <cmath>

namespace lamina::operations {
namespace {

using V = const Value &;
using Integers = std::vector<std::int64_t>;

/// Axes of size 1 are appended.
Value of_rank(V x, std::int64_t rank) {
  Value y = x;
  while (y.rank() < rank)
    y = expand_dims(y, y.rank());
  return y;
}

/// init plus rows of x; those whose index lies outside are left out.
Value add_rows(V init, V at, V x) {
  Value inside = logical_and(greater_equal(at, 0), less(at, known_size(init, 0)));
  return emit("scatter_add", {init, at, where(of_rank(inside, x.rank()), x, 0)});
}

/// The least number of x's type, the greatest or 1: what changes no max, min or product.
Value neutral(std::string_view kind, V x) {
  if (kind == "prod")
    return detail::number(x, 1);
  bool max = kind == "max";
  if (is_floating(x.dtype()))
    return detail::number(x, (max ? -1 : 1) * std::numeric_limits<double>::infinity());
  Value least = detail::number(x, -std::ldexp(1.0, 8 * static_cast<int>(size_of(x.dtype())) - 1));
  return max ? least : Value(-1 - least);
}

/// Row i: the max, min or product of the rows of x whose index is i.
Value combine_rows(std::string_view kind, V x, V at, std::int64_t rows) {
  Value own = equal(iota(x.graph(), {Dim(rows), Dim(1)}, 0, at.dtype()), expand_dims(at, 0));
  Value parts = where(of_rank(own, x.rank() + 1), expand_dims(x, 0), neutral(kind, x));
  return detail::reduce(kind, parts, 1, false);
}

std::int64_t segments(const Call &c) {
  const Config *count = c.setting("num_segments");
  if (!count || !count->is_int())
    throw Error("num_segments must be given");
  return count->as_int();
}

Value segment_sums(const Call &c) {
  Value data = c.value(0, "data");
  Dims dims = dims_of(data);
  dims[0] = Dim(segments(c));
  return add_rows(broadcast_to(detail::number(data, 0), dims), c.value(1, "segment_ids"), data);
}

Values combine_segments(std::string_view kind, const Call &c) {
  return {combine_rows(kind, c.value(0, "data"), c.value(1, "segment_ids"), segments(c))};
}

/// Points [n, axes] among the first axes of an array as numbers of rows; -1 where they lie outside.
Value rows_of(V points, const Integers &sizes) {
  Value row, inside;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    auto i = static_cast<std::int64_t>(axis);
    Value at = squeeze(slice_axis(points, 1, i, i + 1), 1);
    at = where(less(at, 0), at + sizes[axis], at);
    Value valid = logical_and(greater_equal(at, 0), less(at, sizes[axis]));
    row = axis ? Value(row * sizes[axis] + at) : at;
    inside = axis ? Value(logical_and(inside, valid)) : valid;
  }
  return where(inside, row, -1);
}

/// An array whose first axes are one.
struct Rows {
  Rows(const Integers &shape, V points) : shape(shape) {
    std::int64_t axes = known_size(points, -1);
    if (axes < 1 || axes > static_cast<std::int64_t>(shape.size()))
      throw Error("indices of shape " + points.shape().str() + " do not fit an array of " +
                  std::to_string(shape.size()) + " axes");
    Integers first(shape.begin(), shape.begin() + axes);
    at = rows_of(reshape(points, Integers{-1, axes}), first);
    for (std::int64_t size : first)
      count *= size;
    row.assign(shape.begin() + axes, shape.end());
  }

  Integers with_rows(std::int64_t n) const {
    Integers result{n};
    result.insert(result.end(), row.begin(), row.end());
    return result;
  }

  Integers shape, row;
  std::int64_t count = 1;
  Value at;
};

Value scattered(const Call &c) {
  Value values = c.value(1, "values");
  Rows rows(c.setting("shape", Integers()), c.value(0, "indices"));
  Value zeros = constant(c.graph(), 0, values.dtype(), Shape(rows.with_rows(rows.count)));
  return reshape(add_rows(zeros, rows.at, reshape(values, rows.with_rows(-1))), rows.shape);
}

Value scatter_updated(const Call &c) {
  Value x = c.value(0, "inputs"), indices = c.value(1, "indices");
  std::string reduction = c.setting("reduction", std::string("set"));
  layers::check_rank(indices.shape(), 2);
  Integers shape;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis)
    shape.push_back(known_size(x, axis));
  Rows rows(shape, indices);
  Dims dims{Dim(rows.at, 0)};
  dims.insert(dims.end(), rows.row.begin(), rows.row.end());
  Value updates = broadcast_to(detail::to(c.value(2, "updates"), x.dtype()), dims);
  Value table = reshape(x, rows.with_rows(rows.count)), y;
  if (reduction == "add") {
    y = add_rows(table, rows.at, updates);
  } else if (reduction == "max") {
    y = maximum(table, combine_rows("max", updates, rows.at, rows.count));
  } else if (reduction == "min") {
    y = minimum(table, combine_rows("min", updates, rows.at, rows.count));
  } else if (reduction == "mul") {
    y = table * combine_rows("prod", updates, rows.at, rows.count);
  } else if (reduction == "set") {
    // Of several updates of one row the last one counts.
    Value n = iota(x.graph(), {Dim(rows.at, 0)}, 0);
    Value later = logical_and(equal(expand_dims(rows.at, 1), expand_dims(rows.at, 0)),
                              greater(expand_dims(n, 0), expand_dims(n, 1)));
    Value at = where(any(later, 1), -1, rows.at);
    Value written = add_rows(zeros_like(table), at, ones_like(updates));
    y = where(not_equal(written, 0), add_rows(zeros_like(table), at, updates), table);
  } else {
    throw Error("reduction must be add, max, min, mul or None, got '" + reduction + "'");
  }
  return reshape(y, shape);
}

} // namespace

void add_segments(Table &table) {
  Table::Module core(table, "ops.core"), math(table, "ops.math");
  core.calls({
      {"Scatter", [](const Call &c) -> Values { return {scattered(c)}; }},
      {"ScatterUpdate", [](const Call &c) -> Values { return {scatter_updated(c)}; }},
  });
  math.calls({
      {"SegmentMax", [](const Call &c) { return combine_segments("max", c); }},
      {"SegmentMin", [](const Call &c) { return combine_segments("min", c); }},
      {"SegmentProd", [](const Call &c) { return combine_segments("prod", c); }},
      {"SegmentSum", [](const Call &c) -> Values { return {segment_sums(c)}; }},
  });
}

} // namespace lamina::operations
