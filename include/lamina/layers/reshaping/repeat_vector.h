#ifndef LAMINA_LAYERS_RESHAPING_REPEAT_VECTOR_H
#define LAMINA_LAYERS_RESHAPING_REPEAT_VECTOR_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// (batch, features) → (batch, n, features). Keras: layers.RepeatVector.
class RepeatVector : public Layer<RepeatVector> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  RepeatVector() : RepeatVector(1) {}
  explicit RepeatVector(std::int64_t n) : RepeatVector(n, Options()) {}
  RepeatVector(std::int64_t n, const Options &options) : n(n) { init(options.name, options.trainable, options.dtype); }
  void prepare() const { check_positive(n, "n"); }
  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), 2);
    return broadcast_to(expand_dims(x, 1), {Dim(x, 0), Dim(n), Dim(x, 1)});
  }
  template <typename F> void fields(F &f) { f.required("n", n); }
  std::int64_t n;
};

LAMINA_REGISTER_LAYER(RepeatVector, "keras");

} // namespace lamina::layers

#endif
