// Matrices in the last two axes.

#include "compiler/model/operations/call.h"

#include "lamina/layers/support.h"

namespace lamina::operations {
namespace {

using V = const Value &;

std::int64_t order_of(V a) {
  if (a.rank() < 2 || known_size(a, -1) != known_size(a, -2))
    throw Error("expects square matrices, got shape " + a.shape().str());
  return a.shape().back();
}

Value transposed(V a) { return move_axis(a, -1, -2); }

/// 0, 1, … in a column, or in a row.
Value count_down(V like, std::int64_t n) { return iota(like.graph(), {Dim(n), Dim(1)}, 0); }
Value count_across(V like, std::int64_t n) { return iota(like.graph(), {Dim(1), Dim(n)}, 1); }

Value identity(V like, std::int64_t n) { return cast(equal(count_down(like, n), count_across(like, n)), like.dtype()); }

/// What step k of an elimination looks at: column k, its largest element from row k on, and the two rows that change
/// places.
struct Pivot {
  Pivot(V matrix, V rows, V columns, V k)
      : column(sum(where(equal(columns, k), matrix, 0.0), -1, true)),
        place(expand_dims(argmax(where(less(rows, k), -1.0, abs(column)), -2), -1)), own(equal(rows, k)),
        best(equal(rows, place)), value(row(best, column)) {}

  static Value row(V where_true, V matrix) { return sum(where(where_true, matrix, 0.0), -2, true); }

  Value column, place, own, best, value;
};

/// The steps of Gauss and Jordan on [A | …], A of order n: what becomes of the matrix, and the pivots along a new first
/// axis, negative where rows changed places.
std::pair<Value, Value> eliminate(V matrix, std::int64_t n) {
  Value rows = count_down(matrix, n), columns = count_across(matrix, known_size(matrix, -1));
  bool alone = known_size(matrix, -1) == n;
  Value steps = iota(matrix.graph(), {Dim(n)}, 0);
  Values results = scan(Values{matrix}, Values{steps}, [&](std::span<const Value> state, std::span<const Value> step) {
    V m = state[0], k = step[0];
    Pivot pivot(m, rows, columns, k);
    // Of a determinant, zeros are left alone.
    Value divisor = alone ? Value(where(equal(pivot.value, 0), 1.0, pivot.value)) : pivot.value;
    Value leading = Pivot::row(pivot.best, m) / divisor;
    Value factors = where(pivot.best, Pivot::row(pivot.own, pivot.column), pivot.column);
    Value others = where(pivot.best, Pivot::row(pivot.own, m), m) - factors * leading;
    Value signed_pivot = where(equal(pivot.place, k), pivot.value, -pivot.value);
    return ScanStep{{where(pivot.own, leading, others)}, {squeeze(signed_pivot, {-2, -1})}};
  });
  return {results[0], results[1]};
}

/// P A = L U, with L below the diagonal of one matrix and U in the rest of it, and the rows that changed places.
Values decomposed(V x) {
  Value a = detail::to_float(x);
  std::int64_t m = known_size(a, -2), n = known_size(a, -1);
  Value rows = count_down(a, m), columns = count_across(a, n), steps = iota(a.graph(), {Dim(std::min(m, n))}, 0);
  Values results = scan(Values{a}, Values{steps}, [&](std::span<const Value> state, std::span<const Value> step) {
    V m = state[0], k = step[0];
    Pivot pivot(m, rows, columns, k);
    auto exchanged = [&](V of) {
      return where(pivot.own, Pivot::row(pivot.best, of), where(pivot.best, Pivot::row(pivot.own, of), of));
    };
    Value swapped = exchanged(m), below = greater(rows, k);
    Value factors = where(below, exchanged(pivot.column) / pivot.value, 0.0);
    Value rest = swapped - where(greater(columns, k), factors * Pivot::row(pivot.own, swapped), 0.0);
    Value reduced = where(logical_and(below, equal(columns, k)), factors, rest);
    return ScanStep{{reduced}, {squeeze(pivot.place, {-2, -1})}};
  });
  return {results[0], move_axis(results[1], 0, -1)};
}

Value pivots_of(V x) {
  Value a = detail::to_float(x);
  return eliminate(a, order_of(a)).second;
}

Value log_determinant(V pivots) { return sum(log(abs(pivots)), 0); }

/// b is a vector, or columns.
Value solved(V a, V b, bool vectors) {
  return vectors ? Value(squeeze(solve(a, expand_dims(b, -1)), -1)) : solve(a, b);
}

Value solved_triangular(V a, V b, bool lower) {
  std::int64_t n = order_of(a);
  Value rows = count_down(a, n), columns = count_across(a, n);
  Value kept = lower ? Value(less_equal(columns, rows)) : Value(greater_equal(columns, rows));
  return solved(where(kept, a, 0.0), b, b.rank() == 1 || b.rank() + 1 == a.rank());
}

/// A = L Lᵀ by columns of L, each of which is taken out of the rest.
Value cholesky(V x, bool upper) {
  Value a = detail::to_float(x);
  a = 0.5 * (a + transposed(a));
  std::int64_t n = order_of(a);
  Value rows = count_down(a, n), columns = count_across(a, n), steps = iota(a.graph(), {Dim(n)}, 0);
  Values results = scan(Values{a}, Values{steps}, [&](std::span<const Value> state, std::span<const Value> step) {
    V rest = state[0], k = step[0];
    Value column = sum(where(equal(columns, k), rest, 0.0), -1, true);
    Value pivot = sum(where(equal(rows, k), column, 0.0), -2, true);
    Value l = where(less(rows, k), 0.0, column / sqrt(pivot));
    return ScanStep{{rest - l * transposed(l)}, {squeeze(l, -1)}};
  });
  Value factor = move_axis(results[1], 0, -1);
  return upper ? transposed(factor) : factor;
}

/// (L Lᵀ)⁻¹, or (Uᵀ U)⁻¹.
Value cholesky_inverse(V factor, bool upper) {
  Value inverse = solved_triangular(factor, identity(factor, order_of(factor)), !upper);
  return upper ? matmul(inverse, transposed(inverse)) : matmul(transposed(inverse), inverse);
}

} // namespace

Value solve(V a_in, V b_in) {
  Value a = detail::to_float(a_in), b = detail::to_float(b_in);
  std::int64_t n = order_of(a);
  Dims dims = dims_of(a);
  dims.back() = Dim(b, -1);
  b = broadcast_to(b, dims);
  return slice_axis(eliminate(concatenate({a, b}, -1), n).first, -1, n);
}

void add_matrices(Table &table) {
  Table::Module linalg(table, "ops.linalg"), math(table, "ops.math"), numpy(table, "ops.numpy");
  linalg.calls({
      {"Cholesky", [](const Call &c) -> Values { return {cholesky(c.value(0, "x"), c.setting("upper", false))}; }},
      {"CholeskyInverse",
       [](const Call &c) -> Values { return {cholesky_inverse(c.value(0, "x"), c.setting("upper", false))}; }},
      {"LuFactor", [](const Call &c) { return decomposed(c.value(0, "x")); }},
      {"Solve",
       [](const Call &c) -> Values {
         Value b = c.value(1, "b");
         return {solved(c.value(0, "a"), b, b.rank() == 1)};
       }},
      {"SolveTriangular",
       [](const Call &c) -> Values {
         return {solved_triangular(c.value(0, "a"), c.value(1, "b"), c.setting("lower", false))};
       }},
  });
  linalg.unary({
      {"Det", [](V x) -> Value { return prod(pivots_of(x), 0); }},
      {"Inv", [](V x) -> Value { return solve(x, identity(detail::to_float(x), order_of(x))); }},
  });
  math.unary({{"Logdet", [](V x) { return log_determinant(pivots_of(x)); }}});
  numpy.calls({
      {"Slogdet",
       [](const Call &c) -> Values {
         Value pivots = pivots_of(c.value(0, "x"));
         return {prod(sign(pivots), 0), log_determinant(pivots)};
       }},
  });
}

} // namespace lamina::operations
