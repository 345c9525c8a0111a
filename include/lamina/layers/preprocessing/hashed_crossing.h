#ifndef LAMINA_LAYERS_PREPROCESSING_HASHED_CROSSING_H
#define LAMINA_LAYERS_PREPROCESSING_HASHED_CROSSING_H

#include <lamina/layers/preprocessing/base_hashing.h>

namespace lamina::layers {

/// Sorts combinations of integers, one from each input of shape [N] or [N, 1], into bins by a hash, the same as
/// TensorFlow's. Errors: fewer than two inputs, other shapes, floating-point inputs. Keras: layers.HashedCrossing.
class HashedCrossing : public Layer<HashedCrossing> {
public:
  struct Options {
    std::string output_mode = "int"; ///< int or one_hot
    bool sparse = false;
    LAMINA_COMMON_OPTIONS;
  };
  HashedCrossing() : HashedCrossing(0) {}
  explicit HashedCrossing(std::int64_t num_bins) : HashedCrossing(num_bins, Options()) {}
  HashedCrossing(std::int64_t num_bins, const Options &options) : num_bins(num_bins), options(options) {
    bool as_float = options.dtype == "float32";
    init(options.name, options.trainable, options.output_mode == "int" && as_float ? "int64" : options.dtype);
  }

  void prepare() const {
    check_positive(num_bins, "num_bins");
    check_output_mode(options.output_mode, {"int", "one_hot"});
    refuse_sparse(options.sparse);
  }

  Value call(const Values &inputs, CallContext &) const {
    if (inputs.size() < 2)
      throw Error("needs at least two inputs, got " + std::to_string(inputs.size()));
    constexpr std::uint64_t key = 0xdecafcaffe, factor = 0xc6a4a7935bd1e995;
    using namespace bits;
    Value hash;
    for (const Value &input : inputs) {
      Shape shape = input.shape();
      if (shape.rank() > 2 || (shape.rank() == 2 && shape.back() != 1) || shape.rank() != inputs[0].shape().rank())
        throw Error("each input must have shape (batch) or (batch, 1), all the same, got " + shape.str());
      if (is_floating(input.dtype()))
        throw Error("takes integers, not " + std::string(dtype_name(input.dtype())));
      Value x = cast(input, DType::Int64);
      if (!hash)
        hash = word(x, key);
      hash = exclusive_or(exclusive_or(hash, word(x, factor)), times(shift_mix(times(x, factor)), factor));
      hash = shift_mix(times(shift_mix(times(hash, factor)), factor));
    }
    return encode_categories(modulo(hash, num_bins), options.output_mode, num_bins, dtype_from_name(dtype_policy_));
  }

  Config serialized_config() const override { return without_trainable(Layer::serialized_config(), dtype_policy_); }

  template <typename F> void fields(F &f) {
    f.required("num_bins", num_bins);
    f("output_mode", options.output_mode);
    f("sparse", options.sparse);
  }

  std::int64_t num_bins;
  Options options;
};

LAMINA_REGISTER_LAYER(HashedCrossing, "keras");

} // namespace lamina::layers

#endif
