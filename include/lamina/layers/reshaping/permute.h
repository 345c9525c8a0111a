#ifndef LAMINA_LAYERS_RESHAPING_PERMUTE_H
#define LAMINA_LAYERS_RESHAPING_PERMUTE_H

#include <algorithm>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Axis i + 1 of the result is axis dims[i] of the input, counted from 1; the batch stays. Keras: layers.Permute.
class Permute : public Layer<Permute> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  Permute() : Permute(std::vector<std::int64_t>{1}) {}
  Permute(const std::vector<std::int64_t> &dims) : Permute(dims, Options()) {}
  Permute(const std::vector<std::int64_t> &dims, const Options &options) : dims(dims) {
    init(options.name, options.trainable, options.dtype);
  }
  void prepare() const {
    std::vector<std::int64_t> sorted = dims;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != static_cast<std::int64_t>(i) + 1)
        throw Error("dims must be a permutation of 1 … n, got " + Config(dims).str());
  }
  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), dims.size() + 1);
    std::vector<std::int64_t> axes{0};
    axes.insert(axes.end(), dims.begin(), dims.end());
    return transpose(x, axes);
  }
  template <typename F> void fields(F &f) { f.required("dims", dims); }
  std::vector<std::int64_t> dims;
};

LAMINA_REGISTER_LAYER(Permute, "keras");

} // namespace lamina::layers

#endif
