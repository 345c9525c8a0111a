#include "check_gradient.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "program.h"

namespace lamina::testing {

namespace {

bool is_float(const Input &input) { return input.type.ends_with("f64"); }

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string module_of(const GradientCase &c) {
  std::vector<std::string> parameters, wrt, wrt_types, gradients, result_types{"tensor<" + c.result + ">"},
      returned{"%y"};
  for (const Input &input : c.inputs) {
    std::string type = "tensor<" + input.type + ">";
    parameters.push_back("%" + input.name + ": " + type);
    if (is_float(input)) {
      wrt.push_back("%" + input.name);
      wrt_types.push_back(type);
      gradients.push_back("%gradient_" + input.name);
      returned.push_back(gradients.back());
      result_types.push_back(type);
    }
  }
  std::string result = "tensor<" + c.result + ">";
  parameters.push_back("%cotangent: " + result);
  return "func.func @main(" + join(parameters) + ") -> (" + join(result_types) + ") {\n" + c.body + "\n" +
         join(gradients) + " = lamina.gradient of (%y : " + result + ") cotangents (%cotangent : " + result +
         ") wrt (" + join(wrt) + " : " + join(wrt_types) + ")\nreturn " + join(returned) + " : " + join(result_types) +
         "\n}\n";
}

Array fill(const std::vector<std::int64_t> &shape, std::mt19937 &random, double low, double high, bool integer) {
  Array array{shape, {}};
  std::int64_t n = 1;
  for (std::int64_t size : shape)
    n *= size;
  std::uniform_real_distribution<double> uniform(low, high);
  for (std::int64_t i = 0; i < n; ++i) {
    double value = uniform(random);
    array.values.push_back(integer ? std::floor(value) : value);
  }
  return array;
}

std::vector<Array> arguments_of(const GradientCase &c, std::mt19937 &random) {
  std::vector<Array> arguments;
  for (const Input &input : c.inputs) {
    arguments.push_back(fill(input.shape, random, input.low, input.high, !is_float(input)));
    if (!input.values.empty())
      arguments.back().values = input.values;
  }
  return arguments;
}

} // namespace

void check_gradient(const GradientCase &c) {
  std::mt19937 random(7);
  Program program(module_of(c));
  std::vector<Array> arguments = arguments_of(c, random);
  arguments.push_back(fill(c.shape, random, 0.5, 1.5, false));
  const std::vector<double> &cotangent = arguments.back().values;

  std::vector<Array> results = program.run(arguments);
  ASSERT_EQ(results[0].shape, c.shape) << c.body;
  // A primal value that is not finite would make every comparison pass.
  for (double value : results[0].values)
    ASSERT_TRUE(std::isfinite(value)) << c.body;
  auto loss = [&] {
    double sum = 0;
    Array y = program.run(arguments)[0];
    for (std::size_t i = 0; i < y.values.size(); ++i)
      sum += y.values[i] * cotangent[i];
    return sum;
  };

  std::size_t next = 1;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    if (!is_float(c.inputs[k]))
      continue;
    const Array &gradient = results[next++];
    ASSERT_EQ(gradient.shape, c.inputs[k].shape) << c.inputs[k].name << " in\n" << c.body;
    for (std::size_t i = 0; i < gradient.values.size(); ++i) {
      constexpr double step = 1e-5;
      double &element = arguments[k].values[i];
      double saved = element;
      element = saved + step;
      double above = loss();
      element = saved - step;
      double below = loss();
      element = saved;
      double expected = (above - below) / (2 * step);
      ASSERT_NEAR(gradient.values[i], expected, 1e-7 + 1e-7 * std::abs(expected))
          << c.inputs[k].name << "[" << i << "] in\n"
          << c.body;
    }
  }
}

std::vector<std::vector<double>> gradient_of(const GradientCase &c) {
  std::mt19937 random(7);
  std::vector<Array> arguments = arguments_of(c, random);
  arguments.push_back(fill(c.shape, random, 1.0, 1.0, false));
  std::vector<Array> results = Program(module_of(c)).run(arguments);
  std::vector<std::vector<double>> gradients;
  for (std::size_t i = 1; i < results.size(); ++i)
    gradients.push_back(results[i].values);
  return gradients;
}

} // namespace lamina::testing
