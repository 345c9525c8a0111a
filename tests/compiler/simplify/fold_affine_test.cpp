// Folding a scale and a shift into a kernel changes no numbers: the same function is compiled with its parameters as
// weights, where they are folded, and as inputs, where they are not.
#include "compiler/Compiler.h"
#include "compiler/trace/Graph.h"
#include "runtime/executable.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

using namespace lamina;

namespace {

// Numbers of both signs, none of them near zero.
Tensor numbers(const Shape &shape, double phase) {
  Tensor result = Tensor::zeros(shape);
  int64_t i = 0;
  for (float &value : result.values<float>()) {
    double wave = std::sin(phase + 0.7 * static_cast<double>(i++));
    value = static_cast<float>(wave + std::copysign(0.25, wave));
  }
  return result;
}

using Parameters = std::map<std::string, Tensor>;
using Body = std::function<Value(trace::Graph &, const Value &, std::map<std::string, Value> &)>;

Tensor evaluate(const Tensor &x, Shape open, const Parameters &parameters, const Body &body, bool asWeights) {
  trace::Graph graph;
  Value input = graph.addInput("x", open, DType::Float32);
  std::map<std::string, Value> values;
  for (const auto &[name, tensor] : parameters)
    values[name] = asWeights ? graph.bind(tensor) : graph.addInput(name, tensor.shape(), DType::Float32);
  graph.addResult("y", body(graph, input, values));
  graph.finish();
  std::vector<Tensor> arguments;
  for (const trace::Argument &argument : graph.arguments())
    arguments.push_back(argument.kind == trace::Kind::Weight ? argument.tensor
                        : argument.name == "x"               ? x
                                                             : parameters.at(argument.name));
  return (*compiler::compile(std::move(graph), {.cache = "none"}))(arguments).at(0);
}

void expectSame(const Tensor &x, const Shape &open, const Parameters &parameters, const Body &body) {
  Tensor plain = evaluate(x, open, parameters, body, false), folded = evaluate(x, open, parameters, body, true);
  ASSERT_EQ(plain.shape(), folded.shape());
  for (int64_t i = 0; i < plain.numel(); ++i)
    EXPECT_NEAR(plain.values<float>()[static_cast<std::size_t>(i)], folded.values<float>()[static_cast<std::size_t>(i)],
                2e-5)
        << "element " << i;
}

Value emit(trace::Graph &graph, std::string_view op, std::vector<Value> operands, const Attrs &attrs = {}) {
  return graph.emit(op, operands, attrs).at(0);
}

TEST(FoldAffine, BatchNormalizationAfterConvolution) {
  expectSame(numbers({2, 6, 3}, 0), {none, 6, 3},
             {{"k", numbers({3, 3, 5}, 1)}, {"b", numbers({5}, 2)}, {"s", numbers({5}, 3)}, {"t", numbers({5}, 4)}},
             [](trace::Graph &graph, const Value &x, std::map<std::string, Value> &p) {
               Value y = emit(graph, "conv", {x, p["k"]}, {{"padding", std::string("same")}});
               y = emit(graph, "add", {y, p["b"]});
               y = emit(graph, "mul", {y, p["s"]});
               return emit(graph, "relu", {emit(graph, "sub", {y, p["t"]})});
             });
}

TEST(FoldAffine, EveryStepAfterContraction) {
  expectSame(numbers({4, 3}, 0), {none, 3},
             {{"k", numbers({3, 5}, 1)}, {"s", numbers({5}, 2)}, {"t", numbers({5}, 3)}, {"u", numbers({5}, 4)}},
             [](trace::Graph &graph, const Value &x, std::map<std::string, Value> &p) {
               std::vector<std::int64_t> first{0}, second{1};
               Value y =
                   emit(graph, "dot_general", {x, p["k"]}, {{"lhs_contracting", second}, {"rhs_contracting", first}});
               y = emit(graph, "add", {y, p["t"]});
               y = emit(graph, "neg", {y});
               y = emit(graph, "div", {y, p["s"]});
               y = emit(graph, "sub", {p["u"], y});
               y = emit(graph, "sub", {y, p["t"]});
               return emit(graph, "mul", {y, p["u"]});
             });
}

TEST(FoldAffine, ScaleAfterTransposedConvolution) {
  expectSame(numbers({2, 4, 3}, 0), {none, 4, 3}, {{"k", numbers({3, 2, 3}, 1)}, {"s", numbers({2}, 2)}},
             [](trace::Graph &graph, const Value &x, std::map<std::string, Value> &p) {
               Value y = emit(graph, "conv_transpose", {x, p["k"]},
                              {{"padding", std::string("valid")}, {"shape", std::vector<std::int64_t>{6}}});
               return emit(graph, "mul", {y, p["s"]});
             });
}

} // namespace
