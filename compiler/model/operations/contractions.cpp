#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"

#include <algorithm>
#include <cctype>

namespace lamina::operations {
namespace {

using V = const Value &;
using Integers = std::vector<std::int64_t>;

/// numpy's dot: the last axis of x with the last but one of y; other axes are kept.
Value dot_of(V x, V y) {
  if (x.rank() == 0 || y.rank() == 0)
    return x * y;
  return dot_general(x, y, {x.rank() - 1}, {y.rank() == 1 ? 0 : y.rank() - 2});
}

Value tensordot(const Call &c) {
  Value x = c.value(0, "x1"), y = c.value(1, "x2");
  const Config *axes = c.setting("axes");
  Integers left, right;
  if (!axes || axes->is_int()) {
    std::int64_t n = axes ? axes->as_int() : 2;
    for (std::int64_t i = 0; i < n; ++i) {
      left.push_back(x.rank() - n + i);
      right.push_back(i);
    }
  } else {
    auto side = [&](std::size_t i, V value) {
      Integers result;
      const Config &entry = axes->at(i);
      if (entry.is_list())
        detail::read(entry, result);
      else
        result.push_back(entry.as_int());
      for (std::int64_t &axis : result)
        axis = resolve_axis(axis, value.rank());
      return result;
    };
    left = side(0, x);
    right = side(1, y);
  }
  return dot_general(x, y, left, right);
}

/// An einsum of any number of operands, with ellipses, and with a result where it is left out.
Value einsum_of(std::string equation, Values operands) {
  std::erase(equation, ' ');
  std::size_t arrow = equation.find("->");
  std::string left = equation.substr(0, arrow);
  std::vector<std::string> terms{""};
  for (char c : left) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  if (terms.size() != operands.size())
    throw Error("einsum: '" + equation + "' names " + std::to_string(terms.size()) + " operands, got " +
                std::to_string(operands.size()));
  // The axes of an ellipsis get letters of their own, counted from the last.
  std::string spare;
  for (char letter = 'A'; letter <= 'Z'; ++letter)
    if (equation.find(letter) == std::string::npos)
      spare += letter;
  std::string widest;
  for (std::size_t i = 0; i < terms.size(); ++i)
    if (std::size_t at = terms[i].find("..."); at != std::string::npos) {
      std::int64_t n = operands[i].rank() - static_cast<std::int64_t>(terms[i].size()) + 3;
      if (n < 0 || n > static_cast<std::int64_t>(spare.size()))
        throw Error("einsum: '" + equation + "' does not fit shape " + operands[i].shape().str());
      std::string letters = spare.substr(0, static_cast<std::size_t>(n));
      std::ranges::reverse(letters);
      terms[i].replace(at, 3, letters);
      if (letters.size() > widest.size())
        widest = letters;
    }
  std::string out;
  if (arrow == std::string::npos) {
    std::string all;
    for (const std::string &term : terms)
      all += term;
    for (char letter = 'a'; letter <= 'z'; ++letter)
      for (char c : {static_cast<char>(std::toupper(letter)), letter})
        if (std::ranges::count(all, c) == 1 && widest.find(c) == std::string::npos)
          out += c;
    std::ranges::sort(out);
    out = widest + out;
  } else {
    out = equation.substr(arrow + 2);
    if (std::size_t at = out.find("..."); at != std::string::npos)
      out.replace(at, 3, widest);
  }
  // From left to right; a letter lives on while a later operand or the result has it.
  Value value = operands[0];
  std::string letters = terms[0];
  for (std::size_t i = 1; i < terms.size(); ++i) {
    std::string later = out, kept;
    for (std::size_t j = i + 1; j < terms.size(); ++j)
      later += terms[j];
    if (i + 1 == terms.size())
      kept = out;
    else
      for (char c : letters + terms[i])
        if (later.find(c) != std::string::npos && kept.find(c) == std::string::npos)
          kept += c;
    value = einsum(letters + "," + terms[i] + "->" + kept, value, operands[i]);
    letters = kept;
  }
  if (letters == out)
    return value;
  Integers summed, order;
  std::string left_over;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters.find(letters[i], i + 1) != std::string::npos)
      throw Error("einsum: '" + equation + "' repeats '" + letters[i] + "' in one operand");
    if (out.find(letters[i]) == std::string::npos)
      summed.push_back(static_cast<std::int64_t>(i));
    else
      left_over += letters[i];
  }
  if (!summed.empty())
    value = sum(value, summed);
  for (char c : out) {
    if (left_over.find(c) == std::string::npos)
      throw Error("einsum: '" + equation + "' has '" + c + "' in its result only");
    order.push_back(static_cast<std::int64_t>(left_over.find(c)));
  }
  return transpose(value, order);
}

/// Of vectors of three elements along an axis.
Value cross(const Call &c) {
  Value x = c.value(0, "x1"), y = c.value(1, "x2");
  std::int64_t shared = c.axis(-1);
  std::int64_t a = c.setting("axis") ? shared : c.axis(-1, "axisa"),
               b = c.setting("axis") ? shared : c.axis(-1, "axisb"),
               to = c.setting("axis") ? shared : c.axis(-1, "axisc");
  x = move_axis(x, a, -1);
  y = move_axis(y, b, -1);
  if (x.shape().back() != 3 || y.shape().back() != 3)
    throw Error("expects vectors of 3 elements, got shapes " + x.shape().str() + " and " + y.shape().str());
  auto part = [](V v, std::int64_t i) { return slice_axis(v, -1, i % 3, i % 3 + 1); };
  Values parts;
  for (std::int64_t i = 0; i < 3; ++i)
    parts.push_back(part(x, i + 1) * part(y, i + 2) - part(x, i + 2) * part(y, i + 1));
  return move_axis(concatenate(parts, -1), -1, to);
}

/// Each element of x times all of y.
Value kronecker(V x_in, V y_in) {
  Value x = x_in, y = y_in;
  while (x.rank() < y.rank())
    x = expand_dims(x, 0);
  while (y.rank() < x.rank())
    y = expand_dims(y, 0);
  Integers shape;
  for (std::int64_t axis = 0, rank = x.rank(); axis < rank; ++axis) {
    std::int64_t n = x.shape()[2 * axis], m = y.shape()[2 * axis];
    shape.push_back(n == none || m == none ? none : n * m);
    x = expand_dims(x, 2 * axis + 1);
    y = expand_dims(y, 2 * axis);
  }
  return reshape(x * y, shape);
}

/// Of the rows of a matrix.
Value correlation_coefficients(V x) {
  Value apart = detail::to_float(x) - mean(x, -1, true), variances = sum(square(apart), -1);
  if (x.rank() == 1)
    return variances / variances;
  layers::check_rank(x.shape(), 2);
  Value deviations = sqrt(variances);
  Value y = matmul(apart, transpose(apart)) / expand_dims(deviations, 1) / expand_dims(deviations, 0);
  return clip(y, -1, 1);
}

Value correlate(const Call &c) {
  Value x = detail::to_float(c.value(0, "x1")), y = detail::to_float(c.value(1, "x2"));
  layers::check_rank(x.shape(), 1);
  layers::check_rank(y.shape(), 1);
  bool swapped = known_size(x, 0) < known_size(y, 0);
  if (swapped)
    std::swap(x, y);
  std::string mode = c.setting("mode", std::string("valid"));
  if (mode != "valid" && mode != "same" && mode != "full")
    throw Error("mode must be valid, same or full, got '" + mode + "'");
  std::int64_t n = known_size(y, 0), before = mode == "full" ? n - 1 : n / 2,
               after = mode == "full" ? n - 1 : n - 1 - n / 2;
  if (mode != "valid")
    x = pad(x, {before}, {after});
  Value result = flat(conv(reshape(x, Integers{1, -1, 1}), reshape(y, Integers{-1, 1, 1}), {.strides = {1}}));
  return swapped ? reverse(result, {0}) : result;
}

} // namespace

void add_contractions(Table &table) {
  Table::Module math(table, "ops.math"), numpy(table, "ops.numpy");
  math.binary({
      {"CDist",
       [](V x, V y) -> Value {
         return sqrt(sum(square(detail::to_float(expand_dims(x, -2) - expand_dims(y, -3))), -1));
       }},
  });
  numpy.unary({{"Corrcoef", correlation_coefficients}});
  numpy.binary({
      {"Dot", dot_of},
      {"Inner",
       [](V x, V y) -> Value {
         return x.rank() == 0 || y.rank() == 0 ? Value(x * y) : dot_general(x, y, {x.rank() - 1}, {y.rank() - 1});
       }},
      {"Kron", kronecker},
      {"Matmul", [](V x, V y) -> Value { return matmul(x, y); }},
      {"Outer", [](V x, V y) -> Value { return expand_dims(flat(x), 1) * expand_dims(flat(y), 0); }},
      {"Vdot", [](V x, V y) -> Value { return sum(flat(x) * flat(y)); }},
  });
  numpy.calls({
      {"Correlate", [](const Call &c) -> Values { return {correlate(c)}; }},
      {"Cross", [](const Call &c) -> Values { return {cross(c)}; }},
      {"Einsum", [](const Call &c) -> Values { return {einsum_of(c.setting("subscripts", std::string()), c.all())}; }},
      {"Tensordot", [](const Call &c) -> Values { return {tensordot(c)}; }},
  });
}

} // namespace lamina::operations
