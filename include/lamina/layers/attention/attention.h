#ifndef LAMINA_LAYERS_ATTENTION_ATTENTION_H
#define LAMINA_LAYERS_ATTENTION_ATTENTION_H

#include <lamina/layers/attention/base_attention.h>

namespace lamina::layers {

/// Dot-product attention of Luong.
///
///     score = scale · query · keyᵀ, or for score_mode "concat": concat_score_weight · Σ tanh(scale · (query + key))
///
/// [query (…, Tq, dim), value (…, Tv, dim), key (…, Tv, dim)] → (…, Tq, dim). Keras: layers.Attention.
/// Luong, 2015.
class Attention : public AttentionBase<Attention> {
public:
  struct Options {
    bool use_scale = false;
    std::string score_mode = "dot";
    double dropout = 0.0;
    std::optional<std::int64_t> seed = {};
    LAMINA_COMMON_OPTIONS;
  };
  Attention() : Attention(Options()) {}
  explicit Attention(const Options &options) : AttentionBase(options.dropout, options.seed), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() const {
    AttentionBase::prepare();
    if (options.score_mode != "dot" && options.score_mode != "concat")
      throw Error("score_mode must be dot or concat, got '" + options.score_mode + "'");
  }

  void build(const std::vector<Shape> &) {
    if (options.use_scale)
      scale = add_weight("scale", Shape(), {.initializer = "ones"});
    if (options.score_mode == "concat")
      concat_score_weight = add_weight("concat_score_weight", Shape(), {.initializer = "ones"});
  }

  Value score(const Value &query, const Value &key) const {
    if (options.score_mode == "dot") {
      std::vector<std::int64_t> batch;
      for (std::int64_t axis = 0; axis + 2 < query.rank(); ++axis)
        batch.push_back(axis);
      std::int64_t last = query.rank() - 1;
      Value scores = dot_general(query, key, {last}, {last}, batch, batch);
      return scale ? Value(scores * scale) : scores;
    }
    Value pairs = expand_dims(query, -2) + expand_dims(key, -3);
    return sum(tanh(scale ? Value(pairs * scale) : pairs), -1) * concat_score_weight;
  }

  template <typename F> void fields(F &f) {
    f("use_scale", options.use_scale);
    f("score_mode", options.score_mode);
    f("dropout", dropout);
    f("seed", seed);
  }

  Options options;
  Variable scale, concat_score_weight;
};

LAMINA_REGISTER_LAYER(Attention, "keras");

} // namespace lamina::layers

#endif
