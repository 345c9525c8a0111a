#ifndef LAMINA_LAYERS_PREPROCESSING_CATEGORY_ENCODING_H
#define LAMINA_LAYERS_PREPROCESSING_CATEGORY_ENCODING_H

#include <lamina/layers/preprocessing/base_encoding.h>

namespace lamina::layers {

/// Encodes integers below num_tokens: [N, T] → [N, num_tokens], or one_hot [N, T] → [N, T, num_tokens].
/// A second input, `count_weights` of the first one's shape, weighs the counts.
/// Errors: num_tokens below 1, an unknown output_mode, weights in a mode other than count. Keras:
/// layers.CategoryEncoding.
class CategoryEncoding : public Layer<CategoryEncoding> {
public:
  struct Options {
    std::string output_mode = "multi_hot"; ///< multi_hot, one_hot or count
    bool sparse = false;
    LAMINA_COMMON_OPTIONS;
  };
  CategoryEncoding() : CategoryEncoding(0) {}
  explicit CategoryEncoding(std::int64_t num_tokens) : CategoryEncoding(num_tokens, Options()) {}
  CategoryEncoding(std::int64_t num_tokens, const Options &options) : num_tokens(num_tokens), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    check_positive(num_tokens, "num_tokens");
    if (options.output_mode == "binary")
      options.output_mode = "multi_hot";
    check_output_mode(options.output_mode, {"count", "one_hot", "multi_hot"});
    refuse_sparse(options.sparse);
  }

  std::vector<std::string> input_names() const override { return {"inputs", "count_weights"}; }

  Value call(const Values &inputs, CallContext &) const {
    Value weights = inputs.size() > 1 ? inputs[1] : Value();
    if (weights) {
      if (options.output_mode != "count")
        throw Error("count_weights need output_mode 'count', got '" + options.output_mode + "'");
      weights = to_dtype(weights, dtype());
    }
    return encode_categories(inputs.at(0), options.output_mode, num_tokens, dtype_from_name(dtype_policy_), weights);
  }

  template <typename F> void fields(F &f) {
    f.required("num_tokens", num_tokens);
    f("output_mode", options.output_mode);
  }

  std::int64_t num_tokens;
  Options options;
};

LAMINA_REGISTER_LAYER(CategoryEncoding, "keras");

} // namespace lamina::layers

#endif
