#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"

namespace lamina::operations {
namespace {

using V = const Value &;

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

/// Negative indices count from the end.
Value wrapped(V indices, V x, std::int64_t axis) {
  Value at = is_floating(indices.dtype()) ? Value(cast(indices, DType::Int32)) : indices;
  Value size = cast(emit("size", {x}, {{"axes", std::vector<std::int64_t>{axis}}}), at.dtype());
  return where(less(at, 0), at + size, at);
}

Value taken(const Call &c) {
  Value x = c.value(0, "x"), indices = c.value(1, "indices");
  std::optional<std::int64_t> axis = c.open_axis();
  if (!axis)
    x = flat(x);
  std::int64_t along = resolve_axis(axis.value_or(0), x.rank());
  return take_along(x, along, wrapped(indices, x, along));
}

/// Column minus row of each element of the last two axes.
Value offsets(V x) {
  Dims dims{Dim(x, -2), Dim(x, -1)};
  return iota(x.graph(), dims, 1) - iota(x.graph(), dims, 0);
}

Value diagonal(V x_in, std::int64_t offset, std::int64_t axis1, std::int64_t axis2) {
  axis1 = resolve_axis(axis1, x_in.rank());
  axis2 = resolve_axis(axis2, x_in.rank());
  std::vector<std::int64_t> order, shape;
  for (std::int64_t i = 0; i < x_in.rank(); ++i)
    if (i != axis1 && i != axis2) {
      shape.push_back(-2 - static_cast<std::int64_t>(order.size()));
      order.push_back(i);
    }
  order.push_back(axis1);
  order.push_back(axis2);
  Value x = transpose(x_in, order);
  std::int64_t rows = known_size(x, -2), columns = known_size(x, -1);
  std::int64_t length = offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns);
  if (length <= 0)
    throw Error("shape " + x_in.shape().str() + " has no diagonal " + std::to_string(offset));
  // In the flat matrix the diagonal's elements are columns + 1 apart.
  shape.push_back(rows * columns);
  x = reshape(x, shape);
  std::size_t last = shape.size() - 1;
  std::vector<std::int64_t> starts(shape.size(), 0), limits(shape.size(), to_end), strides(shape.size(), 1);
  starts[last] = offset >= 0 ? offset : -offset * columns;
  limits[last] = starts[last] + (length - 1) * (columns + 1) + 1;
  strides[last] = columns + 1;
  return slice(x, starts, limits, strides);
}

/// A square matrix with x on a diagonal.
Value with_diagonal(V x, std::int64_t offset) {
  Value rows = pad(x, {std::max<std::int64_t>(-offset, 0)}, {std::max<std::int64_t>(offset, 0)});
  Dims dims{Dim(rows, 0), Dim(rows, 0)};
  Value place = iota(x.graph(), dims, 1) - iota(x.graph(), dims, 0);
  return where(equal(place, offset), expand_dims(rows, 1), 0);
}

Value differences(const Call &c) {
  Value x = c.value(0, "a");
  std::int64_t axis = resolve_axis(c.axis(-1), x.rank());
  for (std::int64_t i = 0; i < c.axis(1, "n"); ++i)
    x = slice_axis(x, axis, 1) - slice_axis(x, axis, 0, -1);
  return x;
}

/// Known starts of a slice.
std::vector<std::int64_t> known_starts(const Call &c, std::size_t position) {
  const Config *entry = numbers_of(c.find(position, "start_indices"));
  std::vector<std::int64_t> starts;
  if (!entry || !entry->is_list() || entry->find("__tensor__"))
    throw Error("the start indices must be known integers");
  detail::read(*entry, starts);
  return starts;
}

Value sliced(const Call &c) {
  Value x = c.value(0, "inputs");
  std::vector<std::int64_t> starts = known_starts(c, 1), limits;
  const Config *shape = c.setting("shape");
  if (!shape || shape->size() != starts.size() || static_cast<std::int64_t>(starts.size()) != x.rank())
    throw Error("expects a start and a size for each axis of shape " + x.shape().str());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const Config &size = shape->at(i);
    limits.push_back(size.is_int() && size.as_int() >= 0 ? starts[i] + size.as_int() : to_end);
  }
  return slice(x, starts, limits);
}

Value updated(const Call &c) {
  Value x = c.value(0, "inputs"), update = c.value(2, "updates");
  std::vector<std::int64_t> low = known_starts(c, 1), high;
  for (std::int64_t i = 0; i < x.rank(); ++i) {
    bool whole = x.shape()[i] == none && update.shape()[i] == none;
    high.push_back(whole ? 0 : known_size(x, i) - known_size(update, i) - low.at(static_cast<std::size_t>(i)));
  }
  Value inside = pad(ones_like(update), low, high);
  return where(not_equal(inside, 0), pad(update, low, high), x);
}

DType dtype_of(const Call &c) { return dtype_from_name(c.setting("dtype", std::string("float32"))); }

Value hot(const Call &c, V indices, const char *classes) {
  if (c.setting("sparse", false))
    throw Error("sparse results are not supported; use sparse=False");
  std::int64_t depth = c.axis(0, classes), axis = c.axis(-1);
  layers::check_positive(depth, classes);
  return move_axis(one_hot(cast(indices, DType::Int32), depth, dtype_of(c)), -1, axis);
}

} // namespace

void add_indexing(Table &table) {
  Table::Module core(table, "ops.core"), nn(table, "ops.nn"), numpy(table, "ops.numpy");
  core.calls({
      {"Slice", [](const Call &c) -> Values { return {sliced(c)}; }},
      {"SliceUpdate", [](const Call &c) -> Values { return {updated(c)}; }},
  });
  nn.calls({
      {"MultiHot",
       [](const Call &c) -> Values {
         Value x = c.value(0, "inputs");
         return {max(hot(c, x, "num_classes"), x.rank() > 1 ? 1 : 0)};
       }},
      {"OneHot", [](const Call &c) -> Values { return {hot(c, c.value(0, "x"), "num_classes")}; }},
  });
  numpy.calls({
      {"Diag",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         std::int64_t k = c.axis(0, "k");
         return {x.rank() == 1 ? with_diagonal(x, k) : diagonal(x, k, 0, 1)};
       }},
      {"Diagflat", [](const Call &c) -> Values { return {with_diagonal(flat(c.value(0, "x")), c.axis(0, "k"))}; }},
      {"Diagonal",
       [](const Call &c) -> Values {
         return {diagonal(c.value(0, "x"), c.axis(0, "offset"), c.axis(0, "axis1"), c.axis(1, "axis2"))};
       }},
      {"Diff", [](const Call &c) -> Values { return {differences(c)}; }},
      {"GetItem",
       [](const Call &c) -> Values {
         const Config *key = c.argument(1, "key");
         if (!key)
           throw Error("an index is missing");
         return {get_item(c.value(0, "x"), *key)};
       }},
      {"IsIn",
       [](const Call &c) -> Values {
         Value y = any(equal(expand_dims(c.value(0, "x1"), -1), flat(c.value(1, "x2"))), -1);
         return {c.setting("invert", false) ? Value(logical_not(y)) : y};
       }},
      {"Take", [](const Call &c) -> Values { return {taken(c)}; }},
      {"TakeAlongAxis",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x"), indices = c.value(1, "indices");
         std::optional<std::int64_t> axis = c.open_axis();
         return {axis ? take_along_axis(x, indices, *axis) : take_along_axis(flat(x), flat(indices), 0)};
       }},
      {"Trace",
       [](const Call &c) -> Values {
         return {sum(diagonal(c.value(0, "x"), c.axis(0, "offset"), c.axis(0, "axis1"), c.axis(1, "axis2")), -1)};
       }},
      {"Tril",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         return {where(less_equal(offsets(x), c.axis(0, "k")), x, 0)};
       }},
      {"Triu",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         return {where(greater_equal(offsets(x), c.axis(0, "k")), x, 0)};
       }},
  });
}

} // namespace lamina::operations
