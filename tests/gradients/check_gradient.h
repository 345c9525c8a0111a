#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lamina::testing {

/// An argument of a case. Arguments of f64 are differentiated by.
struct Input {
  std::string name;
  std::string type;                ///< as in tensor<…>: "?x4xf64"
  std::vector<std::int64_t> shape; ///< sizes, the open ones too
  double low = -1.0, high = 1.0;   ///< range of floats; integers are in [low, high)
  std::vector<double> values = {}; ///< instead of random ones
};

/// `body` computes %y of tensor<result> from the arguments.
struct GradientCase {
  std::vector<Input> inputs;
  std::string body;
  std::string result;
  std::vector<std::int64_t> shape; ///< sizes of the result
};

/// Compares `lamina.gradient` with central differences of <%y, cotangent> for a random cotangent.
void check_gradient(const GradientCase &c);

/// The gradients of <%y, 1> at the given values.
std::vector<std::vector<double>> gradient_of(const GradientCase &c);

} // namespace lamina::testing
