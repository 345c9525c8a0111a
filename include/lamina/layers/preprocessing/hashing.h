#ifndef LAMINA_LAYERS_PREPROCESSING_HASHING_H
#define LAMINA_LAYERS_PREPROCESSING_HASHING_H

#include <lamina/layers/preprocessing/base_hashing.h>

namespace lamina::layers {

/// Sorts integers into bins by a hash of their decimal text, the same as TensorFlow's.
/// mask_value: this value alone goes to bin 0. salt: an integer or two, the key of a hash that is hard to guess.
/// Errors: num_bins below 1, an integer mode with a floating-point dtype. Keras: layers.Hashing.
class Hashing : public Layer<Hashing> {
public:
  struct Options {
    std::optional<std::int64_t> mask_value = {};
    Config salt = {};
    std::string output_mode = "int"; ///< int, one_hot, multi_hot or count
    bool sparse = false;
    LAMINA_COMMON_OPTIONS;
  };
  Hashing() : Hashing(0) {}
  explicit Hashing(std::int64_t num_bins) : Hashing(num_bins, Options()) {}
  Hashing(std::int64_t num_bins, const Options &options) : num_bins(num_bins), options(options) {
    bool as_float = options.dtype == "float32";
    init(options.name, options.trainable, options.output_mode == "int" && as_float ? "int64" : options.dtype);
  }

  void prepare() const {
    check_positive(num_bins, "num_bins");
    check_output_mode(options.output_mode, {"int", "one_hot", "multi_hot", "count"});
    refuse_sparse(options.sparse);
    hash_key(options.salt);
    if (options.output_mode == "int" && dtype_policy_ != "int32" && dtype_policy_ != "int64")
      throw Error("output_mode 'int' needs dtype int32 or int64, got '" + dtype_policy_ + "'");
  }

  Value call(const Value &input, CallContext &) const {
    Value x = cast(input, DType::Int64);
    bool mask = options.mask_value && num_bins > 1;
    Value bins = hash_to_bin(x, mask ? num_bins - 1 : num_bins, hash_key(options.salt));
    if (mask)
      bins = where(equal(x, bits::word(x, static_cast<std::uint64_t>(*options.mask_value))), 0, bins + 1);
    return encode_categories(bins, options.output_mode, num_bins, dtype_from_name(dtype_policy_));
  }

  template <typename F> void fields(F &f) {
    f.required("num_bins", num_bins);
    f("salt", options.salt);
    f("mask_value", options.mask_value);
    f("output_mode", options.output_mode);
    f("sparse", options.sparse);
  }

  std::int64_t num_bins;
  Options options;
};

LAMINA_REGISTER_LAYER(Hashing, "keras");

} // namespace lamina::layers

#endif
