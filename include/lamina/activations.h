#ifndef LAMINA_ACTIVATIONS_H
#define LAMINA_ACTIVATIONS_H

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <lamina/config.h>
#include <lamina/ops.h>

namespace lamina {

/// Keras's activations, each an expression of ops.
namespace activations {

template <TensorLike X> auto linear(const X &x) { return x; }
template <TensorLike X> auto exponential(const X &x) { return exp(x); }
template <TensorLike X> auto gelu(const X &x, bool approximate = false) { return lamina::gelu(x, approximate); }
using lamina::hard_sigmoid;
using lamina::hard_silu;
using lamina::log_sigmoid;
using lamina::log_softmax;
using lamina::mish;
using lamina::relu6;
using lamina::sigmoid;
using lamina::silu;
using lamina::softmax;
using lamina::softplus;
using lamina::softsign;
using lamina::tanh;

/// x above the threshold, limited to max_value; below it negative_slope · (x - threshold).
Value relu(const Value &x, double negative_slope = 0.0, std::optional<double> max_value = {}, double threshold = 0.0);
/// x where x >= 0, negative_slope · x elsewhere.
LAMINA_UNARY_OP(leaky_relu, "LeakyRelu", where(x >= 0.0, x, 0.2 * x))
Value leaky_relu(const Value &x, double negative_slope);
/// x where x > 0, α (e^x - 1) elsewhere.
Value elu(const Value &x, double alpha = 1.0);
/// 1.0507 · elu(x, 1.6733), which keeps mean 0 and variance 1.
LAMINA_UNARY_OP(selu, "Selu", 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717))
/// max(x, 0) + α (e^(min(x, 0)/α) - 1)
Value celu(const Value &x, double alpha = 1.0);
/// a · sigmoid(b), where a and b are the halves of x along the axis.
Value glu(const Value &x, std::int64_t axis = -1);
/// x where |x| > threshold, 0 elsewhere.
Value hard_shrink(const Value &x, double threshold = 0.5);
/// x moved by threshold towards 0, 0 where it would pass it.
Value soft_shrink(const Value &x, double threshold = 0.5);
LAMINA_UNARY_OP(hard_tanh, "HardTanh", where(x > 1.0, 1.0, where(x < -1.0, -1.0, x)))
LAMINA_UNARY_OP(tanh_shrink, "TanhShrink", x - tanh(x))
/// 0 below -1, x above 1, (x + 1)²/4 between.
LAMINA_UNARY_OP(sparse_plus, "SparsePlus", where(x <= -1.0, 0.0, where(x >= 1.0, x, square(x + 1.0) / 4.0)))
/// clip(x + 1, 0, 2) / 2
LAMINA_UNARY_OP(sparse_sigmoid, "SparseSigmoid", 0.5 * clip(x + 1.0, 0.0, 2.0))
/// The projection of x onto the probability simplex. Martins and Astudillo, 2016.
Value sparsemax(const Value &x, std::int64_t axis = -1);
/// (x + √(x² + b)) / 2
Value squareplus(const Value &x, double b = 4.0);
/// x above the threshold, default_value elsewhere.
Value threshold(const Value &x, double threshold, double default_value);

/// The names that `ActivationFunction` knows.
std::vector<std::string> names();

} // namespace activations

class LayerBase;

/// A layer's `activation` argument: the name of one of Keras's activations, a layer's configuration, or a function.
/// Errors: an unknown name, with the names that are known.
class ActivationFunction {
public:
  /// linear
  ActivationFunction() = default;
  ActivationFunction(std::nullptr_t) {}
  ActivationFunction(const char *name) : ActivationFunction(std::string(name)) {}
  ActivationFunction(const std::string &name);
  /// Models with a function of your own cannot be saved unless it is a registered layer.
  template <typename F>
    requires std::is_invocable_r_v<Value, F, const Value &>
  ActivationFunction(F function) : config_("function"), function_(std::move(function)) {}
  static ActivationFunction from_config(const Config &config);

  Value operator()(const Value &x) const;
  /// A name or a serialized object.
  const Config &get_config() const { return config_; }
  bool is_linear() const { return !function_; }

private:
  Config config_ = "linear";
  std::function<Value(const Value &)> function_;
};

} // namespace lamina

#endif
