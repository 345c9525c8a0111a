#ifndef LAMINA_LAYERS_PREPROCESSING_NORMALIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_NORMALIZATION_H

#include <cmath>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Moves and scales to mean 0 and variance 1, one mean and variance for each element of the axes.
///
///     y = (x - mean) / max(√variance, 1e-7)         inverted: mean + x · max(√variance, 1e-7)
///
/// axis: the axes that keep their own mean and variance; none at all for one mean over everything.
/// mean, variance: numbers, or lists over the axes; where they are missing, `adapt` measures them.
/// Errors: one of mean and variance alone, other shapes than the axes', an axis of open size. Keras:
/// layers.Normalization.
class Normalization : public Layer<Normalization> {
public:
  struct Options {
    Axes axis = -1;
    Config mean = {};
    Config variance = {};
    bool invert = false;
    LAMINA_COMMON_OPTIONS;
  };

  Normalization() : Normalization(Options()) {}
  explicit Normalization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
  }

  void prepare() const {
    if (options.mean.is_null() != options.variance.is_null())
      throw Error("mean and variance must both be given, got mean " + options.mean.str() + " and variance " +
                  options.variance.str());
    if (!options.mean.is_null() && to_numbers(options.mean).shape() != to_numbers(options.variance).shape())
      throw Error("mean and variance must have one shape, got mean " + options.mean.str() + " and variance " +
                  options.variance.str());
  }

  void build(const Shape &input) {
    kept = kept_axes(input.rank());
    for (std::int64_t axis : kept) {
      if (input[axis] == none)
        throw Error("axis " + std::to_string(axis) + " must have a known size, got shape " + input.str());
      sizes.push_back(input[axis]);
    }
    if (!options.mean.is_null())
      return;
    mean = add_weight("mean", sizes, {.initializer = "zeros", .trainable = false});
    variance = add_weight("variance", sizes, {.initializer = "ones", .trainable = false});
    count = add_weight("count", {}, {.initializer = "zeros", .trainable = false, .dtype = DType::Int32});
  }

  /// Measures mean and variance of data, whose axis 0 is the samples.
  /// Errors: mean and variance were given, data of another shape than the layer's inputs.
  void adapt(const Tensor &data) {
    auto &layer = static_cast<Normalization &>(*shared());
    if (!layer.options.mean.is_null())
      throw Error("layer '" + name() + "': has its mean and variance, adapt would not change them");
    layer.ensure_built({data.shape()});
    std::vector<std::int64_t> reduced;
    Shape found;
    for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(data.rank()); ++axis)
      if (std::ranges::find(layer.kept, axis) == layer.kept.end())
        reduced.push_back(axis);
      else
        found.push_back(data.shape()[axis]);
    if (found != layer.sizes || data.numel() == 0)
      throw Error("layer '" + name() + "': cannot adapt to data of shape " + data.shape().str() +
                  ", its axes have sizes " + layer.sizes.str());
    Tensor x = is_floating(data.dtype()) ? data : data.astype(DType::Float32);
    layer.mean.assign(reduced.empty() ? x : Tensor(lamina::mean(x, reduced)));
    layer.variance.assign(reduced.empty() ? Tensor(zeros_like(x)) : Tensor(lamina::variance(x, reduced)));
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    Value m, v;
    if (options.mean.is_null()) {
      m = aligned(as_value(x.graph(), mean), x);
      v = aligned(as_value(x.graph(), variance), x);
    } else {
      m = aligned(to_dtype(constant(x.graph(), to_numbers(options.mean)), x.dtype()), x);
      v = aligned(to_dtype(constant(x.graph(), to_numbers(options.variance)), x.dtype()), x);
    }
    Value deviation = maximum(sqrt(v), 1e-7);
    return options.invert ? m + x * deviation : (x - m) / deviation;
  }

  template <typename F> void fields(F &f) {
    if constexpr (std::same_as<F, detail::ConfigWriter>)
      f("axis", options.axis ? *options.axis : std::vector<std::int64_t>());
    else
      f("axis", options.axis);
    f("invert", options.invert);
    f("mean", options.mean);
    f("variance", options.variance);
  }

  Options options;
  Variable mean, variance, count;

private:
  std::vector<std::int64_t> kept_axes(std::size_t rank) const {
    return options.axis ? options.axis.resolve(static_cast<std::int64_t>(rank)) : std::vector<std::int64_t>();
  }

  /// v has the sizes of the last kept axes.
  Value aligned(const Value &v, const Value &x) const {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.rank()), 1);
    Shape given = v.shape();
    if (given.rank() > kept.size())
      throw Error("mean of shape " + given.str() + " has more axes than `axis` names, " + std::to_string(kept.size()));
    for (std::size_t i = 1; i <= given.rank(); ++i) {
      std::int64_t size = given[given.rank() - i], expected = sizes[sizes.rank() - i];
      if (size != 1 && size != expected)
        throw Error("mean of shape " + given.str() + " does not fit the axes of input shape " + x.shape().str());
      shape[static_cast<std::size_t>(kept[kept.size() - i])] = size;
    }
    return reshape(v, shape);
  }

  std::vector<std::int64_t> kept;
  Shape sizes;
};

LAMINA_REGISTER_LAYER(Normalization, "keras");

} // namespace lamina::layers

#endif
