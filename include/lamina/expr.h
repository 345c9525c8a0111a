#ifndef LAMINA_EXPR_H
#define LAMINA_EXPR_H

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <lamina/keras_tensor.h>
#include <lamina/value.h>
#include <lamina/variable.h>

namespace lamina {

namespace detail {

/// A name as a template argument.
template <std::size_t N> struct Name {
  char text[N]{};
  constexpr Name(const char (&value)[N]) {
    for (std::size_t i = 0; i < N; ++i)
      text[i] = value[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// The concrete arrays of an expression, and a key that two expressions share when one compiled function serves both.
struct Leaves {
  struct Leaf {
    Tensor tensor;
    bool batched; ///< the first axis may be the batch
  };
  std::vector<Leaf> list;
  std::string key;

  template <typename T> void add_key(const T &value) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      key.append(reinterpret_cast<const char *>(&value), sizeof value);
    } else if constexpr (requires { value.has_value(); }) {
      add_key(value.has_value());
      if (value)
        add_key(*value);
    } else {
      add_key(value.size());
      for (const auto &item : value)
        add_key(item);
    }
  }
  void add(const Tensor &tensor, bool batched) { list.push_back({tensor, batched}); }
};

/// Replays an expression in a graph; leaves come from the arguments that stand for them, or are bound where there are
/// none.
struct Tracer {
  trace::Graph &graph;
  std::span<const Value> leaves = {};
  std::size_t next = 0;
  Value leaf(const Tensor &tensor) { return leaves.empty() ? bind(graph, tensor) : leaves[next++]; }
  Value leaf(const Variable &variable) { return leaves.empty() ? bind(graph, variable) : leaves[next++]; }
};

/// Runs what trace builds on the leaves: compiled at the first call with a key, looked up at later ones.
std::vector<Tensor> evaluate(Leaves leaves, const std::function<Values(trace::Graph &, std::span<const Value>)> &trace);
/// The same for functions that may refer to more than the leaves: they are traced at each call.
std::vector<Tensor> evaluate_closure(Leaves leaves,
                                     const std::function<Values(trace::Graph &, std::span<const Value>)> &trace);

/// A Python-like number takes the element type of its partner, except that a fraction makes an integer a float.
Value weak_constant(trace::Graph &graph, double value, bool fraction, DType partner);

/// Attributes of an op: names and values, in the order of the function's parameters.
template <typename... P> struct Params {
  std::array<const char *, sizeof...(P)> names;
  std::tuple<P...> values;

  Config config() const {
    Config result = Config::dict();
    std::size_t i = 0;
    std::apply([&](const auto &...value) { (result.set(names[i++], Config(value)), ...); }, values);
    return result;
  }
};

template <typename P> struct Param {
  const char *name;
  P value;
};
template <typename P> Param<P> param(const char *name, P value) { return {name, std::move(value)}; }
template <typename... P> Params<P...> params(Param<P>... p) { return {{p.name...}, {std::move(p.value)...}}; }
inline Params<> params() { return {}; }

} // namespace detail

template <detail::Name K, typename F, typename P, typename... A> class Expr;

namespace detail {

template <typename T> inline constexpr bool is_expr = false;
template <Name K, typename F, typename P, typename... A> inline constexpr bool is_expr<Expr<K, F, P, A...>> = true;

template <typename T> concept Scalar = std::is_arithmetic_v<T>;
template <typename T> concept Symbolic = std::same_as<T, Value>;
template <typename T> concept Edge = std::same_as<T, KerasTensor>;
template <typename T> concept Concrete = std::same_as<T, Tensor> || std::same_as<T, Variable> || is_expr<T>;
template <typename T> concept TensorLike = Symbolic<T> || Edge<T> || Concrete<T>;

/// Operands after the first that are parameters, not data: their first axis is never the batch.
constexpr bool has_parameters(std::string_view op) { return op == "Matmul" || op == "Dot" || op == "Conv"; }

template <typename T> Value to_value(Tracer &tracer, const T &operand) {
  if constexpr (Symbolic<T>)
    return operand;
  else if constexpr (is_expr<T>)
    return operand.trace(tracer);
  else if constexpr (Scalar<T>)
    return {};
  else
    return tracer.leaf(operand);
}

template <typename T>
void fill_scalar(Value &value, trace::Graph &graph, const T &operand, std::optional<DType> partner) {
  if constexpr (Scalar<T>)
    value = weak_constant(graph, static_cast<double>(operand), std::is_floating_point_v<T>,
                          partner.value_or(DType::Float32));
}

/// Calls f on the operands as values of one graph; numbers become constants of their partners' type.
template <typename F, typename P, typename... A>
Value apply_values(Tracer &tracer, const F &f, const P &params, const A &...a) {
  std::array<Value, sizeof...(A)> values{to_value(tracer, a)...};
  std::optional<DType> partner;
  for (const Value &value : values)
    if (value.defined() && (!partner || is_floating(value.dtype()) || *partner == DType::Bool))
      partner = value.dtype();
  std::size_t i = 0;
  (fill_scalar(values[i++], tracer.graph, a, partner), ...);
  return std::apply(
      [&](const auto &...value) {
        return std::apply([&](const auto &...param) -> Value { return f(value..., param...); }, params.values);
      },
      values);
}

template <typename T> void find_graph(trace::Graph *&graph, const T &operand) {
  if constexpr (Symbolic<T>)
    graph = &operand.graph();
}

template <typename T> void collect(Leaves &leaves, const T &operand, bool batched) {
  if constexpr (is_expr<T>)
    operand.collect(leaves, batched);
  else if constexpr (std::same_as<T, Variable>)
    leaves.add(operand.value(), false);
  else if constexpr (std::same_as<T, Tensor>)
    leaves.add(operand, batched);
  else
    leaves.add_key(operand);
}

template <typename T> Argument to_argument(const T &operand) {
  static_assert(Edge<T> || Scalar<T>, "a KerasTensor combines with other KerasTensors and numbers only; "
                                      "put arrays and variables into a layer of your own");
  return Argument(operand);
}

/// What every op is: f on symbolic values. Edges record it, symbolic values call it at once, arrays keep it for later.
template <Name K, typename F, typename P, typename... A> auto lift(F f, P params, const A &...a) {
  static_assert((TensorLike<A> || ...), "at least one operand must be a Tensor, Variable, Value or KerasTensor");
  if constexpr ((Edge<A> || ...)) {
    return record(K.view(), {to_argument(a)...}, params.config());
  } else if constexpr ((Symbolic<A> || ...)) {
    trace::Graph *graph = nullptr;
    (find_graph(graph, a), ...);
    Tracer tracer{*graph};
    return apply_values(tracer, f, params, a...);
  } else {
    return Expr<K, F, P, A...>(f, std::move(params), a...);
  }
}

} // namespace detail

/// An op on arrays that has not run yet. Assigning it to a Tensor runs the whole expression as one compiled function,
/// found again by the expression's type.
template <detail::Name K, typename F, typename P, typename... A> class Expr {
public:
  Expr(F f, P params, const A &...a) : f_(f), params_(std::move(params)), operands_(a...) {}

  operator Tensor() const { return eval(); }
  Tensor eval() const {
    detail::Leaves leaves;
    const std::type_info *type = &typeid(Expr);
    leaves.add_key(type);
    collect(leaves, true);
    return detail::evaluate(std::move(leaves), [this](trace::Graph &graph, std::span<const Value> arguments) {
      detail::Tracer tracer{graph, arguments};
      return Values{trace(tracer)};
    })[0];
  }

  Value trace(detail::Tracer &tracer) const {
    return std::apply([&](const A &...a) { return detail::apply_values(tracer, f_, params_, a...); }, operands_);
  }

  void collect(detail::Leaves &leaves, bool batched) const {
    std::apply([&](const auto &...value) { (leaves.add_key(value), ...); }, params_.values);
    bool first = true;
    std::apply(
        [&](const A &...a) {
          ((detail::collect(leaves, a, batched && (first || !detail::has_parameters(K.view()))), first = false), ...);
        },
        operands_);
  }

private:
  [[no_unique_address]] F f_;
  [[no_unique_address]] P params_;
  std::tuple<A...> operands_;
};

template <typename T> concept Operand = detail::TensorLike<T> || detail::Scalar<T>;
template <typename T> concept TensorLike = detail::TensorLike<T>;
template <typename A, typename B> concept Operands = Operand<A> && Operand<B> && (TensorLike<A> || TensorLike<B>);

/// Any expression as a value of the graph.
template <TensorLike T> Value as_value(trace::Graph &graph, const T &x) {
  static_assert(!detail::Edge<T>, "a KerasTensor has no value inside a traced function");
  detail::Tracer tracer{graph};
  return detail::to_value(tracer, x);
}

namespace detail {

template <typename F, typename... T> auto run_with_gradient(const F &f, const T &...x) {
  constexpr std::size_t n = sizeof...(T);
  Leaves leaves;
  const std::type_info *type = &typeid(F);
  leaves.add_key(type);
  (collect(leaves, x, true), ...);
  auto traced = [&](trace::Graph &graph, std::span<const Value> arguments) {
    Tracer tracer{graph, arguments};
    std::array<Value, n> values{to_value(tracer, x)...};
    Value loss = as_value(graph, std::apply(f, values));
    Values wrt, results{loss};
    for (const Value &value : values)
      if (is_floating(value.dtype()))
        wrt.push_back(value);
    Values gradients = gradient(loss, wrt);
    results.insert(results.end(), gradients.begin(), gradients.end());
    return results;
  };
  std::vector<Tensor> results =
      std::is_empty_v<F> ? evaluate(std::move(leaves), traced) : evaluate_closure(std::move(leaves), traced);
  std::array<Tensor, n> gradients;
  std::array<bool, n> floating{is_floating(x.dtype())...};
  for (std::size_t i = 0, next = 1; i < n; ++i)
    if (floating[i])
      gradients[i] = results[next++];
  return std::pair{results[0], gradients};
}

} // namespace detail

/// The function that gives f(x...) and its derivatives with respect to each floating-point argument:
/// `auto [value, grads] = value_and_grad(loss)(p, t)`. f must give a scalar.
template <typename F> auto value_and_grad(F f) {
  return [f](const auto &...x) { return detail::run_with_gradient(f, x...); };
}

/// The derivatives alone: an array for one argument, else one for each. On symbolic values it extends the graph.
template <typename F> auto grad(F f) {
  return [f](const auto &...x) {
    if constexpr ((detail::Symbolic<std::remove_cvref_t<decltype(x)>> || ...)) {
      std::array<Value, sizeof...(x)> wrt{x...};
      Value loss = as_value(wrt[0].graph(), f(x...));
      Values gradients = gradient(loss, wrt);
      if constexpr (sizeof...(x) == 1)
        return gradients[0];
      else
        return gradients;
    } else {
      auto gradients = detail::run_with_gradient(f, x...).second;
      if constexpr (sizeof...(x) == 1)
        return gradients[0];
      else
        return gradients;
    }
  };
}

/// How many expressions were compiled so far in this process (not: looked up).
std::int64_t compiled_expressions();

} // namespace lamina

#endif
