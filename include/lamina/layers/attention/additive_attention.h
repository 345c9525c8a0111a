#ifndef LAMINA_LAYERS_ATTENTION_ADDITIVE_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_ADDITIVE_ATTENTION_H

#include <lamina/layers/attention/base_attention.h>

namespace lamina::layers {

/// Additive attention of Bahdanau.
///
///     score = Σ scale · tanh(query + key)
///
/// [query (…, Tq, dim), value (…, Tv, dim), key (…, Tv, dim)] → (…, Tq, dim). Keras:
/// layers.AdditiveAttention. Bahdanau, Cho and Bengio, 2014.
class AdditiveAttention : public AttentionBase<AdditiveAttention> {
public:
  struct Options {
    bool use_scale = true;
    double dropout = 0.0;
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  AdditiveAttention() : AdditiveAttention(Options()) {}
  explicit AdditiveAttention(const Options &options) : AttentionBase(options.dropout, options.seed), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void build(const std::vector<Shape> &inputs) {
    if (options.use_scale)
      scale = add_weight("scale", {inputs.at(0).back()}, {.initializer = "glorot_uniform"});
  }

  Value score(const Value &query, const Value &key) const {
    Value pairs = tanh(expand_dims(query, -2) + expand_dims(key, -3));
    return sum(scale ? Value(pairs * scale) : pairs, -1);
  }

  template <typename F> void fields(F &f) {
    f("use_scale", options.use_scale);
    f("dropout", dropout);
    f("seed", seed);
  }

  Options options;
  Variable scale;
};

LAMINA_REGISTER_LAYER(AdditiveAttention, "keras");

} // namespace lamina::layers

#endif
