#include "compiler/model/operations/call.h"

#include "lamina/layers/reshaping/base_up_sampling.h"

namespace lamina::operations {
namespace {

using V = const Value &;
using Integers = std::vector<std::int64_t>;

/// One integer or a list.
Integers integers(const Config *entry) {
  Integers result;
  if (!entry)
    throw Error("expects an integer or a list of them");
  if (entry->is_list())
    detail::read(*entry, result);
  else
    detail::read(*entry, result.emplace_back());
  return result;
}

Value at_least(V x, std::int64_t rank) {
  Value y = x;
  while (y.rank() < rank)
    y = expand_dims(y, y.rank() == 2 ? 2 : 0);
  return y;
}

Values joined(const Call &c, std::int64_t rank, std::int64_t axis) {
  Values parts;
  for (const Value &x : c.list(0, "xs"))
    parts.push_back(at_least(x, rank));
  return {concatenate(parts, axis)};
}

Value with_axes(V x, Integers axes) {
  Value y = x;
  std::int64_t rank = x.rank() + static_cast<std::int64_t>(axes.size());
  for (std::int64_t &axis : axes)
    axis = resolve_axis(axis, rank);
  std::ranges::sort(axes);
  for (std::int64_t axis : axes)
    y = expand_dims(y, axis);
  return y;
}

/// numpy's split: so many parts, or at these places. `uneven` parts may differ by one element.
Values parts_of(V x, const Config *where, std::int64_t axis, bool uneven) {
  if (!where)
    throw Error("expects a number of parts or a list of places");
  axis = resolve_axis(axis, x.rank());
  Integers ends;
  if (where->is_list()) {
    ends = integers(where);
  } else {
    std::int64_t parts = where->as_int();
    if (!uneven)
      return split(x, parts, axis);
    std::int64_t size = known_size(x, axis), end = 0;
    if (parts < 1)
      throw Error("the number of parts must be positive, got " + std::to_string(parts));
    for (std::int64_t i = 0; i + 1 < parts; ++i)
      ends.push_back(end += size / parts + (i < size % parts));
  }
  Values result;
  std::int64_t start = 0;
  for (std::int64_t end : ends) {
    result.push_back(slice_axis(x, axis, start, end));
    start = end;
  }
  result.push_back(slice_axis(x, axis, start));
  return result;
}

Values split_along(const Call &c, std::int64_t axis, bool uneven = false) {
  return parts_of(c.value(0, "x"), c.setting("indices_or_sections"), axis, uneven);
}

/// x so many times in a row along each axis.
Value tiled(V x, Integers repeats) {
  Value y = x;
  while (static_cast<std::int64_t>(repeats.size()) < y.rank())
    repeats.insert(repeats.begin(), 1);
  while (y.rank() < static_cast<std::int64_t>(repeats.size()))
    y = expand_dims(y, 0);
  for (std::int64_t axis = 0; axis < y.rank(); ++axis) {
    std::int64_t times = repeats[static_cast<std::size_t>(axis)];
    if (times < 1)
      throw Error("repeats must be positive, got " + std::to_string(times));
    if (times == 1)
      continue;
    Dims wide = dims_of(y);
    wide.insert(wide.begin() + axis, Dim(times));
    Integers merged;
    for (std::int64_t i = 0; i < y.rank(); ++i)
      merged.push_back(i == axis ? -1 : -2 - (i < axis ? i : i + 1));
    y = reshape(broadcast_to(expand_dims(y, axis), wide), merged);
  }
  return y;
}

Value repeated(const Call &c) {
  Value x = c.value(0, "x");
  std::optional<std::int64_t> given = c.open_axis();
  if (!given)
    x = flat(x);
  std::int64_t axis = resolve_axis(given.value_or(0), x.rank());
  Integers repeats = integers(c.setting("repeats"));
  if (repeats.size() == 1)
    return layers::repeat(x, axis, repeats[0]);
  std::vector<std::int32_t> indices;
  for (std::size_t i = 0; i < repeats.size(); ++i)
    indices.insert(indices.end(), static_cast<std::size_t>(std::max<std::int64_t>(repeats[i], 0)),
                   static_cast<std::int32_t>(i));
  if (known_size(x, axis) != static_cast<std::int64_t>(repeats.size()))
    throw Error("expects as many repeats as elements, got " + std::to_string(repeats.size()) + " for shape " +
                x.shape().str());
  return take_along(x, axis, constant(x.graph(), Tensor(indices)));
}

Value rolled(V x, std::int64_t shift, std::int64_t axis) {
  if (std::int64_t size = x.shape()[axis]; size != none)
    shift = size ? (shift % size + size) % size : 0;
  if (shift == 0)
    return x;
  // What goes over the end comes first.
  return concatenate({slice_axis(x, axis, -shift), slice_axis(x, axis, 0, -shift)}, axis);
}

Value roll(const Call &c) {
  Value x = c.value(0, "x");
  Integers shifts = integers(c.setting("shift"));
  if (!c.setting("axis")) {
    Value y = rolled(flat(x), shifts.at(0), 0);
    return reshape(y, dims_of(x));
  }
  Integers axes = integers(c.setting("axis"));
  if (shifts.size() == 1)
    shifts.resize(axes.size(), shifts[0]);
  if (shifts.size() != axes.size())
    throw Error("expects a shift for each axis");
  for (std::size_t i = 0; i < axes.size(); ++i)
    x = rolled(x, shifts[i], resolve_axis(axes[i], x.rank()));
  return x;
}

/// [low, high] of each axis: given for all of them, or once.
std::vector<std::pair<std::int64_t, std::int64_t>> margins(const Config &widths, std::int64_t rank) {
  auto pair = [](const Config &entry) -> std::pair<std::int64_t, std::int64_t> {
    Integers both = integers(&entry);
    return {both.at(0), both.back()};
  };
  bool once = !widths.is_list() || !widths.at(0).is_list();
  std::vector<std::pair<std::int64_t, std::int64_t>> result;
  for (std::int64_t i = 0; i < rank; ++i)
    result.push_back(pair(once ? widths : widths.at(widths.size() == 1 ? 0 : static_cast<std::size_t>(i))));
  return result;
}

Value padded(const Call &c) {
  Value x = c.value(0, "x");
  const Config *widths = c.setting("pad_width");
  if (!widths)
    throw Error("pad_width is missing");
  std::string mode = c.setting("mode", std::string("constant"));
  auto pairs = margins(*widths, x.rank());
  if (mode == "constant") {
    Integers low, high;
    for (const auto &[before, after] : pairs) {
      low.push_back(before);
      high.push_back(after);
    }
    const Config *value = c.find(1, "constant_values");
    return pad(x, low, high, value && value->is_number() ? value->as_double() : 0.0);
  }
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    auto [low, high] = pairs[static_cast<std::size_t>(axis)];
    if (!low && !high)
      continue;
    if (mode == "reflect" || mode == "symmetric") {
      x = pad_mirrored(x, axis, low, high, mode == "symmetric");
    } else if (mode == "edge") {
      Values parts;
      if (low)
        parts.push_back(layers::repeat(slice_axis(x, axis, 0, 1), axis, low));
      parts.push_back(x);
      if (high)
        parts.push_back(layers::repeat(slice_axis(x, axis, -1), axis, high));
      x = concatenate(parts, axis);
    } else {
      throw Error("mode must be constant, reflect, symmetric or edge, got '" + mode + "'");
    }
  }
  return x;
}

Values meshgrid(const Call &c) {
  Values lines = c.all();
  bool swapped = c.setting("indexing", std::string("xy")) == "xy" && lines.size() > 1;
  Dims dims;
  for (Value &line : lines) {
    line = flat(line);
    dims.push_back(Dim(line, 0));
  }
  if (swapped)
    std::swap(dims[0], dims[1]);
  Values result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::size_t axis = swapped && i < 2 ? 1 - i : i;
    Integers shape(lines.size(), 1);
    shape[axis] = -1;
    result.push_back(broadcast_to(reshape(lines[i], shape), dims));
  }
  return result;
}

Value moved(const Call &c) {
  Value x = c.value(0, "x");
  Integers from = integers(c.setting("source")), to = integers(c.setting("destination")),
           order(static_cast<std::size_t>(x.rank()), -1);
  if (from.size() != to.size())
    throw Error("expects as many destinations as sources");
  Integers rest;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    rest.push_back(i);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::int64_t source = resolve_axis(from[i], x.rank());
    order[static_cast<std::size_t>(resolve_axis(to[i], x.rank()))] = source;
    std::erase(rest, source);
  }
  for (std::int64_t &axis : order)
    if (axis < 0) {
      axis = rest.front();
      rest.erase(rest.begin());
    }
  return transpose(x, order);
}

Value swapped(V x, std::int64_t a, std::int64_t b) {
  Integers order;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    order.push_back(i);
  std::swap(order[static_cast<std::size_t>(resolve_axis(a, x.rank()))],
            order[static_cast<std::size_t>(resolve_axis(b, x.rank()))]);
  return transpose(x, order);
}

Value rotated(const Call &c) {
  Value x = c.value(0, "array");
  Integers axes = c.setting("axes", Integers{0, 1});
  std::int64_t turns = (c.axis(1, "k") % 4 + 4) % 4;
  for (; turns > 0; --turns)
    x = reverse(swapped(x, axes.at(0), axes.at(1)), {axes.at(0)});
  return x;
}

/// [N, H, W, C·b²] → [N, H·b, W·b, C], or back.
Value blocks(const Call &c, bool to_space) {
  bool first = c.channels_first();
  Value x = layers::to_channels_last(c.value(0, "x"), first);
  layers::check_rank(x.shape(), 4);
  std::int64_t b = c.axis(1, "block_size"), height = known_size(x, 1), width = known_size(x, 2),
               channels = known_size(x, 3);
  if (b < 1 || (to_space ? channels % (b * b) : height % b + width % b))
    throw Error("shape " + x.shape().str() + " does not divide into blocks of " + std::to_string(b));
  if (to_space) {
    std::int64_t depth = channels / (b * b);
    x = transpose(reshape(x, Integers{-1, height, width, b, b, depth}), {0, 1, 3, 2, 4, 5});
    x = reshape(x, Integers{-1, height * b, width * b, depth});
  } else {
    x = transpose(reshape(x, Integers{-1, height / b, b, width / b, b, channels}), {0, 1, 3, 2, 4, 5});
    x = reshape(x, Integers{-1, height / b, width / b, b * b * channels});
  }
  return layers::from_channels_last(x, first);
}

Value broadcasted(const Call &c) {
  Value x = c.value(0, "x");
  const Config *shape = c.setting("shape");
  if (!shape)
    throw Error("shape is missing");
  Dims dims;
  std::int64_t added = static_cast<std::int64_t>(shape->size()) - x.rank();
  for (std::int64_t i = 0; i < added + x.rank(); ++i) {
    const Config &size = (*shape)[i];
    if (size.is_int() && size.as_int() >= 0)
      dims.push_back(size.as_int());
    else if (i >= added)
      dims.push_back(Dim(x, i - added));
    else
      throw Error("the sizes of new axes must be known, got " + shape->str());
  }
  return broadcast_to(x, dims);
}

} // namespace

void add_shapes(Table &table) {
  Table::Module core(table, "ops.core"), nn(table, "ops.nn"), numpy(table, "ops.numpy"), math(table, "ops.math");
  core.calls({
      {"Unstack",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         std::int64_t axis = resolve_axis(c.axis(0), x.rank());
         Values result;
         for (const Value &part : split(x, known_size(x, axis), axis))
           result.push_back(squeeze(part, axis));
         return result;
       }},
  });
  nn.calls({
      {"DepthToSpace", [](const Call &c) -> Values { return {blocks(c, true)}; }},
      {"SpaceToDepth", [](const Call &c) -> Values { return {blocks(c, false)}; }},
  });
  math.calls({
      {"ExtractSequences",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         std::int64_t length = c.axis(1, "sequence_length"), step = c.axis(1, "sequence_stride");
         layers::check_positive(length, "sequence_length");
         layers::check_positive(step, "sequence_stride");
         std::int64_t count = (known_size(x, -1) - length) / step + 1;
         Value at = iota(x.graph(), {count, length}, 0) * step + iota(x.graph(), {count, length}, 1);
         return {take_along(x, -1, at)};
       }},
  });
  numpy.calls({
      {"Append",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x1"), y = c.value(1, "x2");
         std::optional<std::int64_t> axis = c.open_axis();
         return {axis ? concatenate({x, y}, *axis) : concatenate({flat(x), flat(y)}, 0)};
       }},
      {"ArraySplit", [](const Call &c) -> Values { return split_along(c, c.axis(0), true); }},
      {"BroadcastTo", [](const Call &c) -> Values { return {broadcasted(c)}; }},
      {"Concatenate", [](const Call &c) -> Values { return {concatenate(c.list(0, "xs"), c.axis(0))}; }},
      {"Dsplit", [](const Call &c) -> Values { return split_along(c, 2); }},
      {"Dstack", [](const Call &c) -> Values { return joined(c, 3, 2); }},
      {"ExpandDims", [](const Call &c) -> Values { return {with_axes(c.value(0, "x"), integers(c.setting("axis")))}; }},
      {"Flip",
       [](const Call &c) -> Values {
         Value x = c.value(0, "x");
         return {reverse(x, c.axes().resolve(x.rank()))};
       }},
      {"Fliplr", [](const Call &c) -> Values { return {reverse(c.value(0, "x"), {1})}; }},
      {"Flipud", [](const Call &c) -> Values { return {reverse(c.value(0, "x"), {0})}; }},
      {"Hsplit", [](const Call &c) -> Values { return split_along(c, c.value(0, "x").rank() == 1 ? 0 : 1); }},
      {"Hstack", [](const Call &c) -> Values { return joined(c, 1, c.list(0, "xs").at(0).rank() < 2 ? 0 : 1); }},
      {"Meshgrid", meshgrid},
      {"Moveaxis", [](const Call &c) -> Values { return {moved(c)}; }},
      {"Pad", [](const Call &c) -> Values { return {padded(c)}; }},
      {"Ravel", [](const Call &c) -> Values { return {flat(c.value(0, "x"))}; }},
      {"Repeat", [](const Call &c) -> Values { return {repeated(c)}; }},
      {"Reshape", [](const Call &c) -> Values { return {reshape(c.value(0, "x"), integers(c.setting("newshape")))}; }},
      {"Roll", [](const Call &c) -> Values { return {roll(c)}; }},
      {"Rot90", [](const Call &c) -> Values { return {rotated(c)}; }},
      {"Split", [](const Call &c) -> Values { return split_along(c, c.axis(0)); }},
      {"Squeeze", [](const Call &c) -> Values { return {squeeze(c.value(0, "x"), c.axes())}; }},
      {"Stack", [](const Call &c) -> Values { return {stack(c.list(0, "x"), c.axis(0))}; }},
      {"Swapaxes",
       [](const Call &c) -> Values { return {swapped(c.value(0, "x"), c.axis(0, "axis1"), c.axis(1, "axis2"))}; }},
      {"Tile", [](const Call &c) -> Values { return {tiled(c.value(0, "x"), integers(c.setting("repeats")))}; }},
      {"Transpose",
       [](const Call &c) -> Values { return {transpose(c.value(0, "x"), c.setting("axes", Integers()))}; }},
      {"Vsplit", [](const Call &c) -> Values { return split_along(c, 0); }},
      {"Vstack", [](const Call &c) -> Values { return joined(c, 2, 0); }},
  });
}

} // namespace lamina::operations
