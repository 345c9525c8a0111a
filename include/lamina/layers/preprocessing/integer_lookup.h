#ifndef LAMINA_LAYERS_PREPROCESSING_INTEGER_LOOKUP_H
#define LAMINA_LAYERS_PREPROCESSING_INTEGER_LOOKUP_H

#include <bit>
#include <limits>

#include <lamina/layers/preprocessing/base_hashing.h>

namespace lamina::layers {

/// The places of integers in a vocabulary: the mask token's, then those of tokens out of the vocabulary, then its own.
/// Other integers fall into one of num_oov_indices places; where there is none, they give -1.
/// vocabulary: with or without the special tokens in front; files may keep it in their assets.
/// invert: integers from their places.
/// Errors: no vocabulary, repeated or too many tokens, weights without tf_idf. Keras: layers.IntegerLookup.
class IntegerLookup : public Layer<IntegerLookup> {
public:
  struct Options {
    std::optional<std::int64_t> max_tokens = {};
    std::int64_t num_oov_indices = 1;
    std::optional<std::int64_t> mask_token = {};
    std::int64_t oov_token = -1;
    std::optional<std::vector<std::int64_t>> vocabulary = {};
    std::optional<std::vector<double>> idf_weights = {};
    bool invert = false;
    std::string output_mode = "int"; ///< int, one_hot, multi_hot, count or tf_idf
    bool sparse = false;
    bool pad_to_max_tokens = false;
    std::string oov_method = "floormod"; ///< or farmhash
    Config salt = {};
    LAMINA_COMMON_OPTIONS;
  };
  IntegerLookup() : IntegerLookup(Options()) {}
  explicit IntegerLookup(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    std::string &mode = options.output_mode;
    mode = mode == "binary" ? "multi_hot" : mode == "tf-idf" ? "tf_idf" : mode;
    check_output_mode(mode, {"int", "one_hot", "multi_hot", "count", "tf_idf"});
    refuse_sparse(options.sparse);
    if (options.max_tokens && *options.max_tokens <= 1)
      throw Error("max_tokens must be greater than 1, got " + std::to_string(*options.max_tokens));
    if (options.pad_to_max_tokens && !options.max_tokens)
      throw Error("pad_to_max_tokens needs max_tokens");
    if (options.num_oov_indices < 0)
      throw Error("num_oov_indices must not be negative, got " + std::to_string(options.num_oov_indices));
    if (options.oov_method != "floormod" && options.oov_method != "farmhash")
      throw Error("oov_method must be floormod or farmhash, got '" + options.oov_method + "'");
    if (hash_key(options.salt) && options.oov_method != "farmhash")
      throw Error("salt needs oov_method 'farmhash', got '" + options.oov_method + "'");
    if (options.invert && mode != "int")
      throw Error("invert needs output_mode 'int', got '" + mode + "'");
    if (options.idf_weights && mode != "tf_idf")
      throw Error("idf_weights need output_mode 'tf_idf', got '" + mode + "'");
    if (options.vocabulary)
      tokens();
  }

  /// All tokens in the order of their places.
  std::vector<std::int64_t> get_vocabulary() const {
    std::vector<std::int64_t> result(static_cast<std::size_t>(oov_start()), options.mask_token.value_or(0)),
        own = tokens();
    result.insert(result.end(), static_cast<std::size_t>(options.num_oov_indices), options.oov_token);
    result.insert(result.end(), own.begin(), own.end());
    return result;
  }

  Value call(const Value &input, CallContext &) const {
    if (is_floating(input.dtype()))
      throw Error("takes integers, not " + std::string(dtype_name(input.dtype())));
    Value x = cast(input, DType::Int64);
    if (options.invert)
      return token_at(x);
    Value place = place_of(x);
    std::int64_t depth =
        options.pad_to_max_tokens ? *options.max_tokens : token_start() + static_cast<std::int64_t>(tokens().size());
    if (options.output_mode != "tf_idf")
      return encode_categories(place, options.output_mode, depth, DType::Int64);
    return encode_categories(place, "count", depth, dtype()) *
           to_dtype(constant(x.graph(), Tensor(weights(depth))), dtype());
  }

  template <typename F> void fields(F &f) {
    f("invert", options.invert);
    f("max_tokens", options.max_tokens);
    f("num_oov_indices", options.num_oov_indices);
    f("oov_token", options.oov_token);
    f("mask_token", options.mask_token);
    f("output_mode", options.output_mode);
    f("sparse", options.sparse);
    f("pad_to_max_tokens", options.pad_to_max_tokens);
    f("vocabulary_dtype", vocabulary_dtype);
    f("idf_weights", options.idf_weights);
    f("vocabulary", options.vocabulary);
    f("oov_method", options.oov_method);
    f("salt", options.salt);
  }

  Options options;

private:
  std::int64_t oov_start() const { return options.mask_token && options.output_mode == "int" ? 1 : 0; }
  std::int64_t token_start() const { return oov_start() + options.num_oov_indices; }

  bool begins_with_special_tokens() const {
    const std::vector<std::int64_t> &given = *options.vocabulary;
    for (std::int64_t i = 0; i < token_start(); ++i)
      if (i >= static_cast<std::int64_t>(given.size()) ||
          given[static_cast<std::size_t>(i)] != (i < oov_start() ? *options.mask_token : options.oov_token))
        return false;
    return true;
  }

  /// The vocabulary without the special tokens in front.
  std::vector<std::int64_t> tokens() const {
    if (!options.vocabulary || options.vocabulary->empty())
      throw Error("has no vocabulary; give one");
    std::vector<std::int64_t> own(options.vocabulary->begin() + (begins_with_special_tokens() ? token_start() : 0),
                                  options.vocabulary->end());
    std::vector<std::int64_t> sorted = own;
    std::ranges::sort(sorted);
    if (auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
      throw Error("the vocabulary holds " + std::to_string(*twice) + " more than once");
    auto refuse = [&](const char *what, std::int64_t token) {
      if (std::ranges::binary_search(sorted, token))
        throw Error(std::string("the vocabulary holds the ") + what + " " + std::to_string(token) +
                    " among its own; special tokens may only stand in front, all of them");
    };
    if (options.mask_token)
      refuse("mask_token", *options.mask_token);
    if (options.invert)
      refuse("oov_token", options.oov_token);
    std::int64_t size = token_start() + static_cast<std::int64_t>(own.size());
    if (options.max_tokens && size > *options.max_tokens)
      throw Error("the vocabulary has " + std::to_string(size) + " tokens, more than max_tokens " +
                  std::to_string(*options.max_tokens));
    return own;
  }

  std::vector<double> weights(std::int64_t depth) const {
    if (!options.idf_weights)
      throw Error("output_mode 'tf_idf' needs idf_weights beside the vocabulary");
    std::vector<double> result = *options.idf_weights;
    if (result.size() != options.vocabulary->size())
      throw Error("idf_weights has " + std::to_string(result.size()) + " entries, the vocabulary " +
                  std::to_string(options.vocabulary->size()));
    if (!begins_with_special_tokens()) {
      double sum = 0;
      for (double weight : result)
        sum += weight;
      result.insert(result.begin(), static_cast<std::size_t>(token_start()), sum / static_cast<double>(result.size()));
    }
    result.resize(static_cast<std::size_t>(depth));
    return result;
  }

  static Value table(const Value &x, const std::vector<std::int64_t> &entries) {
    return constant(x.graph(), Tensor(entries));
  }

  Value place_of(const Value &x) const {
    std::vector<std::int64_t> own = tokens(), order(own.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = static_cast<std::int64_t>(i);
    std::ranges::sort(order, {}, [&](std::int64_t i) { return own[static_cast<std::size_t>(i)]; });
    std::vector<std::int64_t> sorted(own.size()), places(own.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      sorted[i] = own[static_cast<std::size_t>(order[i])];
      places[i] = token_start() + order[i];
    }
    // The last entry that is not above x, by halving; the first where all are.
    Value keys = table(x, sorted), at = zeros_like(x);
    for (std::size_t step = std::bit_floor(std::max<std::size_t>(sorted.size() - 1, 1)); step; step /= 2) {
      Value next = minimum(at + static_cast<std::int64_t>(step), static_cast<std::int64_t>(sorted.size()) - 1);
      at = where(less_equal(take(keys, next), x), next, at);
    }
    Value place = where(equal(take(keys, at), x), take(table(x, places), at), out_of_vocabulary(x));
    if (options.mask_token) {
      Value masked = equal(x, bits::word(x, static_cast<std::uint64_t>(*options.mask_token)));
      place = where(masked, options.output_mode == "int" ? 0 : -1, place);
    }
    return place;
  }

  Value out_of_vocabulary(const Value &x) const {
    std::int64_t n = options.num_oov_indices;
    if (n == 0)
      return full_like(x, -1);
    if (n == 1)
      return full_like(x, static_cast<double>(oov_start()));
    if (options.oov_method == "farmhash")
      return hash_to_bin(x, n, hash_key(options.salt)) + oov_start();
    Value divisor = bits::word(x, static_cast<std::uint64_t>(n)), rest = emit("rem", {x, divisor});
    return where(less(rest, 0), rest + n, rest) + oov_start();
  }

  Value token_at(const Value &x) const {
    std::vector<std::int64_t> own = tokens();
    Value i = x - token_start();
    Value known = logical_and(greater_equal(i, 0), less(i, static_cast<std::int64_t>(own.size())));
    Value token = where(known, take(table(x, own), i), bits::word(x, static_cast<std::uint64_t>(options.oov_token)));
    if (options.mask_token)
      token = where(equal(x, 0), bits::word(x, static_cast<std::uint64_t>(*options.mask_token)), token);
    return token;
  }

  std::string vocabulary_dtype = "int64";
};

LAMINA_REGISTER_LAYER(IntegerLookup, "keras");

} // namespace lamina::layers

#endif
