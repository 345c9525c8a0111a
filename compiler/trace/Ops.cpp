#include "lamina/ops.h"

#include "compiler/trace/Graph.h"
#include "lamina/error.h"

#include <algorithm>
#include <numeric>

namespace lamina {
namespace {

constexpr std::int64_t kDynamic = to_end;

/// A reshape's code for "the k-th size of the operand".
constexpr std::int64_t sizeOf(std::int64_t axis) { return -2 - axis; }

DType promoted(DType a, DType b) {
  if (a == b)
    return a;
  if (a == DType::Bool || b == DType::Bool)
    return a == DType::Bool ? b : a;
  if (is_floating(a) != is_floating(b))
    return is_floating(a) ? a : b;
  if (is_floating(a) && size_of(a) == size_of(b))
    return DType::Float32;
  return size_of(a) > size_of(b) ? a : b;
}

void promote(Value &x, Value &y) {
  DType type = promoted(x.dtype(), y.dtype());
  x = detail::to(x, type);
  y = detail::to(y, type);
}

std::vector<std::int64_t> splitDims(const Dims &dims, Values &operands) {
  std::vector<std::int64_t> shape;
  for (const Dim &dim : dims) {
    shape.push_back(dim.open.defined() ? kDynamic : dim.size);
    if (dim.open.defined())
      operands.push_back(dim.open);
  }
  return shape;
}

Value emitWithDims(std::string_view op, Values operands, const Dims &dims, Attrs attrs = {}) {
  attrs.emplace_back("shape", splitDims(dims, operands));
  return emit(op, operands, attrs);
}

} // namespace

Axes::operator Config() const {
  if (!axes_)
    return nullptr;
  return axes_->size() == 1 ? Config(axes_->front()) : Config(*axes_);
}

std::vector<std::int64_t> Axes::resolve(std::int64_t rank) const {
  std::vector<std::int64_t> result;
  if (!axes_) {
    result.resize(static_cast<std::size_t>(rank));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (std::int64_t axis : *axes_)
    result.push_back(resolve_axis(axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    throw Error("axes " + Config(*this).str() + " name one axis twice");
  return result;
}

std::int64_t resolve_axis(std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw Error("axis " + std::to_string(axis) + " is out of range for " + std::to_string(rank) + " dimensions");
  return axis < 0 ? axis + rank : axis;
}

Dim::Dim(const Value &x, std::int64_t axis) {
  size = x.shape()[axis];
  if (size == none)
    open = dim(x, axis);
}

Dims dims_of(const Value &x) {
  Dims dims;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    dims.emplace_back(x, i);
  return dims;
}

namespace detail {

Value weak_constant(trace::Graph &graph, double value, bool fraction, DType partner) {
  if (fraction && !is_floating(partner))
    partner = DType::Float32;
  else if (!fraction && partner == DType::Bool && value != 0 && value != 1)
    partner = DType::Int32;
  return graph.constant(value, partner, {});
}

Value to(const Value &x, DType dtype) { return x.dtype() == dtype ? x : emit("cast", {x}, {{"dtype", dtype}}); }
Value to_float(const Value &x) { return is_floating(x.dtype()) ? x : to(x, DType::Float32); }
Value to_bool(const Value &x) { return x.dtype() == DType::Bool ? x : compare("ne", x, number(x, 0)); }
Value number(const Value &like, double value) { return constant(like.graph(), value, like.dtype()); }

Value unary(std::string_view op, const Value &x) { return emit(op, {to_float(x)}); }

Value numeric(std::string_view op, const Value &x) {
  return emit(op, {x.dtype() == DType::Bool ? to(x, DType::Int32) : x});
}

Value binary(std::string_view op, Value x, Value y) {
  promote(x, y);
  if (x.dtype() == DType::Bool) {
    if (op == "maximum" || op == "minimum")
      return emit(op == "maximum" ? "or" : "and", {x, y});
    if (op == "mul" || op == "add")
      return emit(op == "add" ? "or" : "and", {x, y});
    x = to(x, DType::Int32);
    y = to(y, DType::Int32);
  }
  return emit(op, {x, y});
}

Value compare(std::string_view predicate, Value x, Value y) {
  promote(x, y);
  return emit("compare", {x, y}, {{"predicate", std::string(predicate)}});
}

Value logical(std::string_view op, const Value &x, const Value &y) { return emit(op, {to_bool(x), to_bool(y)}); }

Value divide(const Value &x, const Value &y) {
  if (is_floating(x.dtype()) || is_floating(y.dtype()))
    return binary("div", x, y);
  return binary("div", to_float(x), to_float(y));
}

Value floor_divide(const Value &x, const Value &y) {
  if (is_floating(x.dtype()) || is_floating(y.dtype()))
    return emit("floor", {divide(x, y)});
  return to(emit("floor", {binary("div", to(x, DType::Float64), to(y, DType::Float64))}),
            promoted(x.dtype(), y.dtype()));
}

Value power(const Value &x, const Value &y) {
  if (is_floating(x.dtype()) || is_floating(y.dtype()))
    return binary("pow", x, y);
  return to(binary("pow", to(x, DType::Float64), to(y, DType::Float64)), promoted(x.dtype(), y.dtype()));
}

Value reduce(std::string_view kind, const Value &x, const Axes &axes, bool keepdims) {
  Value y = x.dtype() == DType::Bool && kind != "any" && kind != "all" ? to(x, DType::Int32) : x;
  return emit("reduce", {y}, {{"kind", std::string(kind)}, {"axes", axes.resolve(x.rank())}, {"keepdims", keepdims}});
}

Value mean(const Value &x, const Axes &axes, bool keepdims) {
  Value y = to_float(x);
  std::vector<std::int64_t> over = axes.resolve(x.rank());
  Value total = reduce("sum", y, axes, keepdims);
  double count = 1;
  for (std::int64_t axis : over) {
    if (x.shape()[axis] == none)
      return binary("div", total, to(emit("size", {y}, {{"axes", over}}), y.dtype()));
    count *= static_cast<double>(x.shape()[axis]);
  }
  return binary("div", total, number(y, count));
}

Value select(const Value &condition, Value x, Value y) {
  promote(x, y);
  return emit("select", {to_bool(condition), x, y});
}

Value matmul(const Value &x_in, const Value &y_in) {
  Value x = x_in, y = y_in;
  promote(x, y);
  std::int64_t rx = x.rank(), ry = y.rank();
  if (rx == 0 || ry == 0)
    throw Error("a matrix product needs at least one axis each, got shapes " + x.shape().str() + " and " +
                y.shape().str());
  std::int64_t k = ry == 1 ? 0 : ry - 2;
  if (ry <= 2)
    return dot_general(x, y, {rx - 1}, {k});
  if (rx == 1)
    return squeeze(matmul(expand_dims(x, 0), y), -2);
  // Batch axes broadcast.
  std::vector<std::int64_t> batch;
  for (; rx < ry; ++rx)
    x = expand_dims(x, 0);
  for (; ry < rx; ++ry)
    y = expand_dims(y, 0);
  Dims left = dims_of(x), right = dims_of(y);
  bool left_wide = false, right_wide = false;
  for (std::int64_t i = 0; i < ry - 2; ++i) {
    auto at = static_cast<std::size_t>(i);
    batch.push_back(i);
    bool widen = x.shape()[i] == 1 && y.shape()[i] != 1;
    left_wide |= widen;
    right_wide |= y.shape()[i] == 1 && x.shape()[i] != 1;
    (widen ? left[at] : right[at]) = widen ? right[at] : left[at];
  }
  return dot_general(left_wide ? broadcast_to(x, left) : x, right_wide ? broadcast_to(y, right) : y, {rx - 1}, {ry - 2},
                     batch, batch);
}

Value conv(const Value &x, const Value &kernel, const WindowOptions &o) {
  return emit("conv", {x, to(kernel, x.dtype())},
              {{"strides", o.strides}, {"dilations", o.dilations}, {"groups", o.groups}, {"padding", o.padding}});
}

Value pool(std::string_view op, const Value &x, const std::vector<std::int64_t> &window, const WindowOptions &o) {
  return emit(op, {x},
              {{"window", window}, {"strides", o.strides.empty() ? window : o.strides}, {"padding", o.padding}});
}

Value reshape(const Value &x, const std::vector<std::int64_t> &shape) {
  return emit("reshape", {x}, {{"shape", shape}});
}

Value expand_dims(const Value &x, std::int64_t axis) {
  axis = resolve_axis(axis, x.rank() + 1);
  std::vector<std::int64_t> shape;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    shape.push_back(sizeOf(i));
  shape.insert(shape.begin() + axis, 1);
  return reshape(x, shape);
}

Value squeeze(const Value &x, const Axes &axes) {
  std::vector<std::int64_t> shape, gone = axes.has_value() ? axes.resolve(x.rank()) : std::vector<std::int64_t>();
  for (std::int64_t i = 0; i < x.rank(); ++i) {
    bool drop = axes.has_value() ? std::find(gone.begin(), gone.end(), i) != gone.end() : x.shape()[i] == 1;
    if (drop && x.shape()[i] != 1)
      throw Error("squeeze: axis " + std::to_string(i) + " of shape " + x.shape().str() + " is not of size 1");
    if (!drop)
      shape.push_back(sizeOf(i));
  }
  return reshape(x, shape);
}

Value transpose(const Value &x, std::vector<std::int64_t> permutation) {
  if (permutation.empty())
    for (std::int64_t i = x.rank(); i-- > 0;)
      permutation.push_back(i);
  for (std::int64_t &axis : permutation)
    axis = resolve_axis(axis, x.rank());
  return emit("transpose", {x}, {{"permutation", permutation}});
}

} // namespace detail

Value full_like(const Value &x, double value) {
  if (x.shape().is_static())
    return constant(x.graph(), value, x.dtype(), x.shape());
  return broadcast_to(detail::number(x, value), dims_of(x));
}

Value dot_general(const Value &x, const Value &y, const std::vector<std::int64_t> &x_contracting,
                  const std::vector<std::int64_t> &y_contracting, const std::vector<std::int64_t> &x_batch,
                  const std::vector<std::int64_t> &y_batch) {
  return emit("dot_general", {x, y},
              {{"lhs_batching", x_batch},
               {"rhs_batching", y_batch},
               {"lhs_contracting", x_contracting},
               {"rhs_contracting", y_contracting}});
}

Value einsum(const std::string &equation, const Value &x, const Value &y) {
  auto fail = [&](const std::string &why) { throw Error("einsum: '" + equation + "' " + why); };
  std::string text;
  for (char c : equation)
    if (c != ' ')
      text += c;
  std::size_t comma = text.find(','), arrow = text.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma ||
      text.find(',', comma + 1) != std::string::npos)
    fail("must have two operands and a result, as in 'ab,bc->ac'");
  std::string a = text.substr(0, comma), b = text.substr(comma + 1, arrow - comma - 1), out = text.substr(arrow + 2);
  auto check = [&](const std::string &letters, const char *what) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (!std::isalpha(static_cast<unsigned char>(letters[i])))
        fail(std::string("has '") + letters[i] + "' where a letter is expected");
      if (letters.find(letters[i], i + 1) != std::string::npos)
        fail(std::string("repeats '") + letters[i] + "' in its " + what);
    }
  };
  check(a, "first operand");
  check(b, "second operand");
  check(out, "result");
  if (static_cast<std::int64_t>(a.size()) != x.rank() || static_cast<std::int64_t>(b.size()) != y.rank())
    fail("does not fit shapes " + x.shape().str() + " and " + y.shape().str());
  for (char c : out)
    if (a.find(c) == std::string::npos && b.find(c) == std::string::npos)
      fail(std::string("has '") + c + "' in its result only");
  Value left = x, right = y;
  // A letter of one operand alone that is not wanted is summed over first.
  auto drop = [&](Value &value, std::string &letters, const std::string &other) {
    std::vector<std::int64_t> axes;
    std::string kept;
    for (std::size_t i = 0; i < letters.size(); ++i)
      if (other.find(letters[i]) == std::string::npos && out.find(letters[i]) == std::string::npos)
        axes.push_back(static_cast<std::int64_t>(i));
      else
        kept += letters[i];
    if (!axes.empty())
      value = sum(value, axes);
    letters = kept;
  };
  drop(left, a, b);
  drop(right, b, a);
  std::vector<std::int64_t> a_batch, b_batch, a_contract, b_contract;
  std::string made, a_free, b_free;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t j = b.find(a[i]);
    if (j == std::string::npos) {
      a_free += a[i];
    } else if (out.find(a[i]) != std::string::npos) {
      a_batch.push_back(static_cast<std::int64_t>(i));
      b_batch.push_back(static_cast<std::int64_t>(j));
      made += a[i];
    } else {
      a_contract.push_back(static_cast<std::int64_t>(i));
      b_contract.push_back(static_cast<std::int64_t>(j));
    }
  }
  for (char c : b)
    if (a.find(c) == std::string::npos)
      b_free += c;
  made += a_free + b_free;
  Value product = dot_general(left, right, a_contract, b_contract, a_batch, b_batch);
  if (made == out)
    return product;
  std::vector<std::int64_t> order;
  for (char c : out)
    order.push_back(static_cast<std::int64_t>(made.find(c)));
  return detail::transpose(product, order);
}

Dim resized(const Value &x, std::int64_t axis, std::int64_t factor, std::int64_t added) {
  std::int64_t size = x.shape()[axis];
  if (size != none)
    return size * factor + added;
  Value line =
      reshape(broadcast_to(reshape(iota(x.graph(), {Dim(x, axis)}, 0), {-1, 1}), {Dim(x, axis), factor}), {-1});
  if (added > 0)
    line = pad(line, {0}, {added});
  if (added < 0)
    line = slice(line, {0}, {added});
  return Dim(line, 0);
}

Value conv_transpose(const Value &x, const Value &kernel, const WindowOptions &o,
                     const std::vector<std::int64_t> &output_padding) {
  auto at = [](const std::vector<std::int64_t> &values, std::int64_t i, std::int64_t otherwise) {
    return values.empty() ? otherwise : values[static_cast<std::size_t>(i)];
  };
  std::string padding = output_padding.empty() ? o.padding : "valid";
  std::vector<std::int64_t> starts(static_cast<std::size_t>(x.rank()), 0);
  std::vector<std::int64_t> limits(starts.size(), to_end);
  Dims sizes;
  bool cut = false;
  for (std::int64_t i = 0; i + 2 < x.rank(); ++i) {
    std::int64_t stride = at(o.strides, i, 1), window = (kernel.shape()[i] - 1) * at(o.dilations, i, 1) + 1;
    // The result ends `end` after the start of the last window.
    std::int64_t more = at(output_padding, i, 0), start = 0, end = std::max(window, stride);
    if (!output_padding.empty() && o.padding == "valid") {
      end = window + more;
    } else if (!output_padding.empty()) {
      std::int64_t margin = window + window % 2 - 2 + more;
      start = window - 1 - std::min((margin + 1) / 2, window - 1);
      end = window % 2 + more;
    } else if (o.padding == "same") {
      end = stride;
    }
    std::int64_t whole = padding == "same" ? end : std::max(window, start + end);
    sizes.push_back(resized(x, i + 1, stride, whole - stride));
    starts[static_cast<std::size_t>(i + 1)] = start;
    if (start + end < whole)
      limits[static_cast<std::size_t>(i + 1)] = start + end - whole;
    cut |= start > 0 || start + end < whole;
  }
  Value y =
      emitWithDims("conv_transpose", {x, detail::to(kernel, x.dtype())}, sizes,
                   {{"strides", o.strides}, {"dilations", o.dilations}, {"groups", o.groups}, {"padding", padding}});
  return cut ? slice(y, starts, limits) : y;
}

Value reshape(const Value &x, const Dims &dims) { return emitWithDims("reshape", {x}, dims); }
Value broadcast_to(const Value &x, const Dims &dims) { return emitWithDims("broadcast_to", {x}, dims); }

Value slice(const Value &x, const std::vector<std::int64_t> &starts, const std::vector<std::int64_t> &limits,
            const std::vector<std::int64_t> &strides) {
  std::vector<std::int64_t> steps = strides;
  steps.resize(starts.size(), 1);
  return emit("slice", {x}, {{"starts", starts}, {"limits", limits}, {"strides", steps}});
}

Value slice_axis(const Value &x, std::int64_t axis, std::int64_t start, std::int64_t limit) {
  std::size_t rank = static_cast<std::size_t>(x.rank());
  std::vector<std::int64_t> starts(rank, 0), limits(rank, kDynamic);
  auto at = static_cast<std::size_t>(resolve_axis(axis, x.rank()));
  starts[at] = start;
  limits[at] = limit;
  return slice(x, starts, limits);
}

Values split(const Value &x, std::int64_t parts, std::int64_t axis) {
  axis = resolve_axis(axis, x.rank());
  std::int64_t size = x.shape()[axis];
  if (size == none || parts <= 0 || size % parts)
    throw Error("axis " + std::to_string(axis) + " of shape " + x.shape().str() + " does not split into " +
                std::to_string(parts) + " equal parts");
  Values result;
  for (std::int64_t i = 0; i < parts; ++i)
    result.push_back(slice_axis(x, axis, i * (size / parts), (i + 1) * (size / parts)));
  return result;
}

Value pad(const Value &x, const std::vector<std::int64_t> &low, const std::vector<std::int64_t> &high, double value) {
  return emit("pad", {x}, {{"low", low}, {"high", high}, {"value", value}});
}

Value take_along(const Value &x, std::int64_t axis, const Value &indices) {
  axis = resolve_axis(axis, x.rank());
  if (axis == 0)
    return take(x, indices);
  std::vector<std::int64_t> front{axis}, back;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    if (i != axis)
      front.push_back(i);
  // The indices' axes come first, then those before the axis, then those after it.
  std::int64_t n = indices.rank();
  for (std::int64_t i = 0; i < n + x.rank() - 1; ++i)
    back.push_back(i < axis ? n + i : i < axis + n ? i - axis : i);
  return detail::transpose(take(detail::transpose(x, front), indices), back);
}

Value pad_mirrored(const Value &x, std::int64_t axis, std::int64_t low, std::int64_t high, bool edge) {
  axis = resolve_axis(axis, x.rank());
  std::int64_t size = x.shape()[axis], skipped = edge ? 0 : 1;
  if (size != none && std::max(low, high) <= size - skipped) {
    Values parts;
    if (low)
      parts.push_back(reverse(slice_axis(x, axis, skipped, skipped + low), {axis}));
    parts.push_back(x);
    if (high)
      parts.push_back(reverse(slice_axis(x, axis, size - high - skipped, size - skipped), {axis}));
    return concatenate(parts, axis);
  }
  // Positions repeat after 2 n, or 2 (n - 1); the second half runs backwards.
  Value n = detail::to(emit("size", {x}, {{"axes", std::vector<std::int64_t>{axis}}}), DType::Int32);
  Value period = maximum(2 * (n - skipped), 1);
  Value at = iota(x.graph(), {resized(x, axis, 1, low + high)}, 0) - low;
  at = emit("rem", {emit("rem", {at, period}) + period, period});
  return take_along(x, axis, minimum(at, period - at - (edge ? 1 : 0)));
}

Value reverse(const Value &x, const std::vector<std::int64_t> &axes) {
  return emit("reverse", {x}, {{"axes", Axes(axes).resolve(x.rank())}});
}

Value one_hot(const Value &indices, std::int64_t depth, DType dtype) {
  return emit("one_hot", {indices}, {{"depth", depth}, {"dtype", dtype}});
}

Value iota(trace::Graph &graph, const Dims &dims, std::int64_t axis, DType dtype) {
  Values operands;
  std::vector<std::int64_t> shape = splitDims(dims, operands);
  return graph.emit("iota", operands, {{"shape", shape}, {"axis", axis}, {"dtype", dtype}})[0];
}

Value concatenate(const Values &values, std::int64_t axis) {
  if (values.empty())
    throw Error("concatenate needs at least one tensor");
  Values operands = values;
  DType type = values[0].dtype();
  for (const Value &value : values)
    type = promoted(type, value.dtype());
  for (Value &value : operands)
    value = detail::to(value, type);
  return emit("concatenate", operands, {{"axis", resolve_axis(axis, values[0].rank())}});
}

Value stack(const Values &values, std::int64_t axis) {
  Values expanded;
  for (const Value &value : values)
    expanded.push_back(expand_dims(value, axis));
  return concatenate(expanded, axis);
}

Value random_uniform(const Value &seed, const Dims &dims, std::int64_t stream, DType dtype) {
  Values operands;
  std::vector<std::int64_t> shape = splitDims(dims, operands);
  operands.push_back(seed);
  return emit("random_uniform", operands, {{"shape", shape}, {"stream", stream}, {"dtype", dtype}});
}

Value random_normal(const Value &seed, const Dims &dims, std::int64_t stream, DType dtype) {
  Values operands;
  std::vector<std::int64_t> shape = splitDims(dims, operands);
  operands.push_back(seed);
  return emit("random_normal", operands, {{"shape", shape}, {"stream", stream}, {"dtype", dtype}});
}

} // namespace lamina
