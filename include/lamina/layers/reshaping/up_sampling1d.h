#ifndef LAMINA_LAYERS_RESHAPING_UP_SAMPLING1D_H
#define LAMINA_LAYERS_RESHAPING_UP_SAMPLING1D_H

#include <lamina/layers/reshaping/base_up_sampling.h>

namespace lamina::layers {

/// Repeats each step: (batch, steps, features) → (batch, steps · size, features). Keras: layers.UpSampling1D.
class UpSampling1D : public UpSamplingBase<UpSampling1D, 1> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };
  UpSampling1D() : UpSampling1D(2) {}
  UpSampling1D(const Sizes &size) : UpSampling1D(size, Options()) {}
  UpSampling1D(const Sizes &size, const Options &options) : UpSamplingBase(size), options(options) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() { size = size.expanded(1, "size"); }

  Value call(const Value &x, CallContext &) const { return grow(x, false, "nearest"); }

  template <typename F> void fields(F &f) { f("size", size); }

  Options options;
};

LAMINA_REGISTER_LAYER(UpSampling1D, "keras");

} // namespace lamina::layers

#endif
