#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_MIXING_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_MIXING_H

#include <lamina/layers/preprocessing/base_transform.h>

namespace lamina::layers {

/// A box in each image.
struct Box {
  Value inside; ///< [N, H, W, 1]: which pixels
};

/// Boxes of shares of the width and height, [N, 1, 1, 1], at random places. draw() gives uniform numbers of that shape.
template <typename F> Box random_box(const Value &images, const Value &across, const Value &down, F draw) {
  auto [height, width] = image_size(images);
  PixelGrid grid(images);
  auto within = [&](const Value &position, const Value &share, std::int64_t size) {
    Value length = share * static_cast<double>(size), start = draw() * (static_cast<double>(size) - length);
    Value i = expand_dims(position, -1);
    return logical_and(greater_equal(i, start), less(i, start + length));
  };
  Value columns = within(grid.x, across, width), rows = within(grid.y, down, height);
  return {logical_and(columns, rows)};
}

/// A random order of a batch, [N]: the ranks of random numbers.
inline Value random_order(const Value &images, const CallContext &context, std::optional<std::int64_t> seed) {
  Value keys = random_uniform(context.seed(), {Dim(images, 0)}, context.stream(seed));
  return sum(cast(less(expand_dims(keys, 0), expand_dims(keys, 1)), DType::Int32), 1);
}

/// The logarithms of gamma distributed numbers of shape alpha: of alpha + 1 by rejection, of which so many tries are
/// drawn that one holds, times U^(1/alpha). Marsaglia and Tsang, 2000.
inline Value random_log_gamma(const Value &like, const CallContext &context, const Dims &dims, const Value &alpha,
                              std::optional<std::int64_t> seed) {
  constexpr int tries = 8; // each holds with more than 95 percent
  // In (0, 1]: its logarithm is taken.
  auto uniform = [&](const Dims &shape) {
    return Value(1.0 - random_uniform(context.seed(), shape, context.stream(seed), like.dtype()));
  };
  Dims many = dims;
  many.insert(many.begin(), Dim(tries));
  Value d = alpha + 2.0 / 3.0, c = rsqrt(9.0 * d);
  Value x = random_normal(context.seed(), many, context.stream(seed), like.dtype());
  Value root = 1.0 + c * x, positive = greater(root, 0.0);
  Value log_v = 3.0 * log(where(positive, root, 1.0)), v = root * root * root;
  Value holds = logical_and(positive, less(log(uniform(many)), 0.5 * square(x) + d - d * v + d * log_v));
  Value first = logical_and(holds, equal(cumsum(cast(holds, DType::Int32), 0), 1));
  return sum(where(first, log(d) + log_v, 0.0), 0) + log(uniform(dims)) / alpha;
}

/// Numbers of the beta distribution of alpha and alpha.
inline Value random_beta(const Value &like, const CallContext &context, const Dims &dims, const Value &alpha,
                         std::optional<std::int64_t> seed) {
  // X / (X + Y) of two gamma distributed numbers, from their logarithms: they may be tiny.
  Value x = random_log_gamma(like, context, dims, alpha, seed), y = random_log_gamma(like, context, dims, alpha, seed);
  return sigmoid(x - y);
}

} // namespace lamina::layers

#endif
