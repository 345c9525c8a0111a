#ifndef LAMINA_LAYERS_RESHAPING_FLATTEN_H
#define LAMINA_LAYERS_RESHAPING_FLATTEN_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// (batch, …) → (batch, product of the rest); with channels_first the channels are moved last first.
/// Keras: layers.Flatten.
class Flatten : public Layer<Flatten> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };
  Flatten() : Flatten(Options()) {}
  explicit Flatten(const Options &options) : options(options) { init(options.name, options.trainable, options.dtype); }
  Value call(const Value &x, CallContext &) const {
    bool first = is_channels_first(options.data_format);
    if (x.rank() < 2)
      return expand_dims(x, -1);
    Value y = to_channels_last(x, first && x.rank() > 1);
    if (y.rank() == 2)
      return y;
    return reshape(y, std::vector<std::int64_t>{-2, -1});
  }
  template <typename F> void fields(F &f) { f("data_format", options.data_format); }
  Options options;
};

LAMINA_REGISTER_LAYER(Flatten, "keras");

} // namespace lamina::layers

#endif
