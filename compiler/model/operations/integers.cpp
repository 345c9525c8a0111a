#include "compiler/model/operations/call.h"

namespace lamina::operations {
namespace {

using V = const Value &;

/// Both in one shape and type.
std::pair<Value, Value> together(V x, V y) { return {x + zeros_like(y), y + zeros_like(x)}; }

Values bits(const Call &c, std::string_view op) {
  Value x = c.value(0, "x"), y = c.value(1, "y");
  bool both = x.dtype() == DType::Bool && y.dtype() == DType::Bool;
  return {both ? emit(op, {x, y}) : detail::binary(op, x, y)};
}

Value inverted(V x) { return x.dtype() == DType::Bool ? logical_not(x) : Value(-x - 1); }

/// By the width of x or more, or by a negative number, gives 0.
Values shift_left(const Call &c) {
  auto [x, y] = together(c.value(0, "x"), c.value(1, "y"));
  std::vector<std::int64_t> powers;
  std::size_t sign = 8 * size_of(x.dtype()) - 1;
  for (std::size_t i = 0; i < sign; ++i)
    powers.push_back(std::int64_t{1} << i);
  powers.push_back(std::numeric_limits<std::int64_t>::min() >> (63 - sign));
  powers.push_back(0);
  Value factor = take(constant(x.graph(), Tensor(powers).astype(x.dtype())), y);
  return {x * where(less(y, 0), 0, factor)};
}

/// Copies of the sign come in.
Values shift_right(const Call &c) {
  auto [x, y] = together(c.value(0, "x"), c.value(1, "y"));
  Value negative = less(x, 0);
  Value moved = emit("shift_right", {where(negative, inverted(x), x), y});
  return {where(negative, inverted(moved), moved)};
}

/// Euclid's steps, as many as the widest numbers take.
Value greatest_divisor(V x, V y) {
  auto [a, b] = together(abs(x), abs(y));
  std::int64_t steps = size_of(a.dtype()) == 8 ? 91 : 45;
  Value count = iota(a.graph(), {Dim(steps)}, 0);
  return scan(Values{a, b}, Values{count}, [](std::span<const Value> pair, std::span<const Value>) {
    const auto &a = pair[0], &b = pair[1];
    return ScanStep{{where(equal(b, 0), a, b), emit("rem", {a, b})}, {}};
  })[0];
}

/// Where a number of an array's elements, one row after the other, is along each axis; numbers outside are led to its
/// ends.
Values unravelled(const Call &c) {
  Value rest = c.value(0, "indices");
  std::vector<std::int64_t> shape = c.setting("shape", std::vector<std::int64_t>());
  Values result(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    Value above = floor_divide(rest, shape[i]);
    result[i] = rest - above * shape[i];
    rest = above;
  }
  for (std::size_t i = 0; i < shape.size(); ++i)
    result[i] = where(greater(rest, 0), shape[i] - 1, where(less(rest, -1), 0, result[i]));
  return result;
}

} // namespace

void add_integers(Table &table) {
  Table::Module numpy(table, "ops.numpy");
  numpy.unary({{"BitwiseInvert", inverted}, {"BitwiseNot", inverted}});
  numpy.binary({
      {"Gcd", greatest_divisor},
      {"Lcm",
       [](V x, V y) -> Value {
         auto [a, b] = together(abs(x), abs(y));
         return a * emit("div", {b, greatest_divisor(a, b)}); // 0 where both are
       }},
  });
  numpy.calls({
      {"BitwiseAnd", [](const Call &c) { return bits(c, "and"); }},
      {"BitwiseLeftShift", shift_left},
      {"BitwiseOr", [](const Call &c) { return bits(c, "or"); }},
      {"BitwiseRightShift", shift_right},
      {"BitwiseXor", [](const Call &c) { return bits(c, "xor"); }},
      {"LeftShift", shift_left},
      {"RightShift", shift_right},
      {"UnravelIndex", unravelled},
  });
}

} // namespace lamina::operations
