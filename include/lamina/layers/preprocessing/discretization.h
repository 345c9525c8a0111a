#ifndef LAMINA_LAYERS_PREPROCESSING_DISCRETIZATION_H
#define LAMINA_LAYERS_PREPROCESSING_DISCRETIZATION_H

#include <cmath>
#include <numeric>

#include <lamina/layers/preprocessing/base_encoding.h>

namespace lamina::layers {

/// The number of the bin that a value falls into: how many of the ascending boundaries are not above it.
/// num_bins: instead of boundaries, how many bins `adapt` shall make of about equal content.
/// Errors: both or none of bin_boundaries and num_bins, a call before boundaries are known. Keras:
/// layers.Discretization.
class Discretization : public Layer<Discretization> {
public:
  struct Options {
    std::optional<std::vector<double>> bin_boundaries = {};
    std::optional<std::int64_t> num_bins = {};
    double epsilon = 0.01;
    std::string output_mode = "int"; ///< int, one_hot, multi_hot or count
    bool sparse = false;
    LAMINA_COMMON_OPTIONS;
  };
  Discretization() : Discretization(Options()) {}
  explicit Discretization(const std::vector<double> &bin_boundaries)
      : Discretization(Options{.bin_boundaries = bin_boundaries}) {}
  explicit Discretization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    check_output_mode(options.output_mode, {"int", "one_hot", "multi_hot", "count"});
    refuse_sparse(options.sparse);
    if (!options.bin_boundaries && !options.num_bins)
      throw Error("needs bin_boundaries or num_bins");
    if (options.num_bins && *options.num_bins < 0)
      throw Error("num_bins must not be negative, got " + std::to_string(*options.num_bins));
  }

  /// Chooses boundaries so that num_bins bins hold about the same number of elements of data.
  /// Errors: no num_bins, no data.
  void adapt(const Tensor &data) {
    auto &layer = static_cast<Discretization &>(*shared());
    if (!layer.options.num_bins || *layer.options.num_bins == 0 || data.numel() == 0)
      throw Error("layer '" + name() + "': adapt needs num_bins and data, got data of shape " + data.shape().str());
    layer.options.bin_boundaries = quantiles(data.astype(DType::Float32), layer.options.epsilon,
                                             1.0 / static_cast<double>(*layer.options.num_bins));
  }

  Value call(const Value &input, CallContext &) const {
    if (!options.bin_boundaries)
      throw Error("has no bin boundaries yet; give bin_boundaries or call adapt");
    Value x = expand_dims(to_dtype(input, dtype()), -1);
    const std::vector<double> &bins = *options.bin_boundaries;
    std::int64_t depth = static_cast<std::int64_t>(bins.size()) + 1;
    Value above = logical_not(x < to_dtype(constant(x.graph(), Tensor(bins)), x.dtype()));
    Value indices = bins.empty() ? Value(cast(squeeze(zeros_like(x), -1), DType::Int32))
                                 : Value(sum(cast(above, DType::Int32), -1));
    return encode_categories(indices, options.output_mode, depth,
                             options.output_mode == "int" ? DType::Int32 : dtype_from_name(dtype_policy_));
  }

  Config serialized_config() const override { return without_trainable(Layer::serialized_config(), dtype_policy_); }

  template <typename F> void fields(F &f) {
    f("bin_boundaries", options.bin_boundaries);
    f("num_bins", options.num_bins);
    f("epsilon", options.epsilon);
    f("output_mode", options.output_mode);
    f("sparse", options.sparse);
  }

  Options options;

private:
  struct Summary {
    std::vector<double> values, weights;
  };

  static double interpolate(double at, const std::vector<double> &x, const std::vector<double> &y) {
    auto above = std::ranges::upper_bound(x, at);
    if (above == x.begin())
      return y.front();
    if (above == x.end())
      return y.back();
    std::size_t i = static_cast<std::size_t>(above - x.begin());
    return y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
  }

  /// Fewer values that stand for the same distribution.
  static Summary compress(const Summary &summary, double epsilon) {
    if (static_cast<double>(summary.values.size()) * epsilon < 1)
      return summary;
    std::vector<double> total(summary.weights.size()), share(total.size());
    std::partial_sum(summary.weights.begin(), summary.weights.end(), total.begin(),
                     [](double a, double b) { return static_cast<double>(static_cast<float>(a + b)); });
    for (std::size_t i = 0; i < total.size(); ++i)
      share[i] = static_cast<double>(static_cast<float>(total[i] / total.back()));
    Summary result;
    double before = 0;
    std::size_t count = static_cast<std::size_t>(std::ceil(1.0 / epsilon));
    for (std::size_t i = 0; i < count; ++i) {
      double at = epsilon + static_cast<double>(i) * epsilon, weight = interpolate(at, share, total);
      result.values.push_back(static_cast<double>(static_cast<float>(interpolate(at, share, summary.values))));
      result.weights.push_back(static_cast<double>(static_cast<float>(weight - before)));
      before = weight;
    }
    return result;
  }

  static std::vector<double> quantiles(const Tensor &data, double epsilon, double share) {
    std::vector<double> sorted(data.values<float>().begin(), data.values<float>().end());
    std::ranges::sort(sorted);
    double step = std::max(static_cast<double>(sorted.size()) * epsilon, 1.0);
    Summary summary;
    for (std::size_t i = static_cast<std::size_t>(step - 1); i < sorted.size(); i += static_cast<std::size_t>(step)) {
      summary.values.push_back(sorted[i]);
      summary.weights.push_back(static_cast<double>(static_cast<float>(step)));
    }
    std::vector<double> result = compress(compress(summary, epsilon), share).values;
    if (!result.empty())
      result.pop_back();
    return result;
  }
};

LAMINA_REGISTER_LAYER(Discretization, "keras");

} // namespace lamina::layers

#endif
