#ifndef LAMINA_LAYERS_RESHAPING_RESHAPE_H
#define LAMINA_LAYERS_RESHAPING_RESHAPE_H

#include <algorithm>
#include <cmath>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// (batch, …) → (batch, target_shape…); one entry may be -1. Keras: layers.Reshape.
class Reshape : public Layer<Reshape> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  Reshape() : Reshape(std::vector<std::int64_t>{-1}) {}
  Reshape(const std::vector<std::int64_t> &target_shape) : Reshape(target_shape, Options()) {}
  Reshape(const std::vector<std::int64_t> &target_shape, const Options &options) : target_shape(target_shape) {
    init(options.name, options.trainable, options.dtype);
  }
  void prepare() const {
    int open = 0;
    for (std::int64_t size : target_shape) {
      open += size == -1;
      if (size < -1)
        throw Error("target_shape must hold sizes and at most one -1, got " + Config(target_shape).str());
    }
    if (open > 1)
      throw Error("target_shape may have one -1, got " + Config(target_shape).str());
  }
  Value call(const Value &x, CallContext &) const {
    double wanted = 1, given = 1;
    bool open = false;
    for (std::int64_t i = 1; i < x.rank(); ++i) {
      given *= static_cast<double>(x.shape()[i]);
      open = open || x.shape()[i] == none;
    }
    for (std::int64_t size : target_shape)
      wanted *= size == -1 ? 1.0 : static_cast<double>(size);
    bool inferred = std::find(target_shape.begin(), target_shape.end(), -1) != target_shape.end();
    if (!open && (inferred ? wanted == 0 || std::fmod(given, wanted) != 0 : given != wanted))
      throw Error("an input of shape " + x.shape().str() + " does not fit target_shape " + Config(target_shape).str());
    std::vector<std::int64_t> shape{-2};
    for (std::int64_t size : target_shape)
      shape.push_back(size == -1 && !open ? static_cast<std::int64_t>(given / wanted) : size);
    return reshape(x, shape);
  }
  template <typename F> void fields(F &f) { f.required("target_shape", target_shape); }
  std::vector<std::int64_t> target_shape;
};

LAMINA_REGISTER_LAYER(Reshape, "keras");

} // namespace lamina::layers

#endif
