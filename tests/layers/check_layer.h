#pragma once

#include <gtest/gtest.h>

#include <lamina/lamina.h>

#include <cmath>
#include <random>

namespace lamina::test {

struct LayerCheck {
  /// Without the batch.
  Shape input_shape;
  DType input_dtype = DType::Float32;
  Shape expected_shape;
  DType expected_dtype = DType::Float32;
  /// Integers are drawn below this.
  int vocabulary = 5;
  bool gradient = true;
  std::int64_t batch = 3;
  /// Open sizes of input_shape become this in the data.
  std::int64_t open_size = 4;
  /// And those of expected_shape this.
  std::int64_t expected_open = open_size;
};

/// Normally distributed, but not within 0.05 of 0, where many activations have a kink.
inline Tensor random_data(const Shape &shape, DType dtype, int vocabulary, unsigned seed) {
  std::mt19937 engine(seed);
  Tensor result(shape, DType::Float32);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> integer(0, vocabulary - 1);
  for (float &x : result.values<float>()) {
    x = is_floating(dtype) ? normal(engine) : static_cast<float>(integer(engine));
    if (is_floating(dtype))
      x += std::copysign(0.05f, x);
  }
  return result.astype(dtype);
}

inline Shape concrete(const Shape &shape, std::int64_t batch, std::int64_t open_size) {
  Shape result{batch};
  for (std::int64_t size : shape)
    result.push_back(size == none ? open_size : size);
  return result;
}

/// Derivatives of Σ⟨output, cotangent⟩ against central differences, for a few elements of each weight and of the input.
inline void check_gradients(const Model &model, const Tensor &x, const Tensor &cotangent) {
  Gradients gradients = model.gradients({x}, {cotangent});
  auto value = [&] {
    Tensor y = model.run({x})[0];
    double sum = 0;
    for (std::size_t i = 0; i < y.values<float>().size(); ++i)
      sum += static_cast<double>(y.values<float>()[i]) * static_cast<double>(cotangent.values<float>()[i]);
    return sum;
  };
  auto check = [&](const Tensor &tensor, const Tensor &gradient, const std::string &what,
                   const std::function<void()> &changed) {
    ASSERT_EQ(gradient.shape(), tensor.shape()) << what;
    std::span<float> elements = tensor.values<float>();
    std::size_t step = std::max<std::size_t>(1, elements.size() / 5);
    for (std::size_t i = 0; i < elements.size(); i += step) {
      constexpr float h = 1e-2f;
      float before = elements[i];
      auto at = [&](float moved) {
        elements[i] = moved;
        changed();
        return value();
      };
      // Of fourth order: recurrent layers bend within h.
      double numeric = (8 * (at(before + h) - at(before - h)) - (at(before + 2 * h) - at(before - 2 * h))) /
                       (12.0 * static_cast<double>(h));
      at(before);
      double found = static_cast<double>(gradient.values<float>()[i]);
      EXPECT_NEAR(found, numeric, 2e-2 * std::max(1.0, std::abs(numeric))) << what << " element " << i;
    }
  };
  if (is_floating(x.dtype()))
    check(x, gradients.inputs[0], "input", [] {});
  std::vector<Variable> weights = model.trainable_weights();
  ASSERT_EQ(gradients.weights.size(), weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    check(weights[i].value(), gradients.weights[i], weights[i].name(), [&] { weights[i].mark_changed(); });
}

/// Shapes, element types, the configuration's round trip, a training step and gradients of one layer.
template <typename L> void check_layer(L layer, const LayerCheck &c) {
  SCOPED_TRACE(layer.name());
  KerasTensor input = Input(c.input_shape, {.dtype = c.input_dtype});
  KerasTensor output = layer(input);
  Shape batched{none};
  EXPECT_EQ(output.shape(), batched.concat(c.expected_shape));
  EXPECT_EQ(output.dtype(), c.expected_dtype);

  Config config = serialize_layer(layer);
  std::shared_ptr<LayerBase> copy = layer_from_config(Config::parse(config.str()));
  EXPECT_EQ(serialize_layer(*copy), config);

  Model model(input, output);
  Tensor x = random_data(concrete(c.input_shape, c.batch, c.open_size), c.input_dtype, c.vocabulary, 7);
  Tensor y = model.predict(x);
  EXPECT_EQ(y.shape(), concrete(c.expected_shape, c.batch, c.expected_open));
  Tensor floats = y.astype(DType::Float32);
  for (float element : floats.values<float>())
    ASSERT_TRUE(std::isfinite(element));
  // The same code serves another batch.
  Tensor one = model.predict(x.slice(0, 1));
  for (std::int64_t i = 0; i < one.numel(); ++i)
    ASSERT_NEAR(one.astype(DType::Float32).template values<float>()[static_cast<std::size_t>(i)],
                floats.values<float>()[static_cast<std::size_t>(i)], 1e-5);
  EXPECT_EQ(model.compilations(), 1);
  if (!is_floating(c.expected_dtype))
    return;

  model.compile({.optimizer = SGD({.learning_rate = 0.01}), .loss = "mean_squared_error"});
  Tensor target = random_data(y.shape(), DType::Float32, 1, 8);
  double first = model.train_on_batch(x, target)[0].second, last = first;
  EXPECT_TRUE(std::isfinite(first));
  for (int i = 0; i < 5; ++i)
    last = model.train_on_batch(x, target)[0].second;
  if (!model.trainable_weights().empty())
    EXPECT_LT(last, first * 1.001);
  if (c.gradient)
    check_gradients(model, x, random_data(y.shape(), DType::Float32, 1, 9));
}

inline void expect_values(const Tensor &tensor, const std::vector<float> &expected, float tolerance = 1e-5f) {
  ASSERT_EQ(tensor.numel(), static_cast<std::int64_t>(expected.size())) << tensor;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(tensor.values<float>()[i], expected[i], tolerance) << "element " << i;
}

} // namespace lamina::test
