#ifndef LAMINA_LAYERS_PREPROCESSING_PIPELINE_H
#define LAMINA_LAYERS_PREPROCESSING_PIPELINE_H

#include <lamina/layers/core/wrapper.h>

namespace lamina::layers {

/// Layers in turn, as one layer.
///
///     y = layers[n](… layers[1](layers[0](x)))
///
/// Shapes and masks go from layer to layer. Errors: a layer of several outputs. Keras: layers.Pipeline.
class Pipeline : public Layer<Pipeline> {
public:
  struct Options {
    std::string name = {};
  };

  Pipeline() { supports_masking = true; }
  Pipeline(const std::vector<Inner> &layers) : Pipeline(layers, Options()) {}
  Pipeline(const std::vector<Inner> &layers, const Options &options) : layers(layers) {
    init(options.name, true, "float32");
    supports_masking = true;
  }

  void prepare() { add_children("layers", layers_of(layers)); }

  Value call(const Value &x, CallContext &) const {
    Value y = x;
    for (const Inner &layer : layers)
      y = InnerCall(y).only(*layer);
    return y;
  }

  template <typename F> void fields(F &f) { f.required("layers", layers); }

  /// Keras's class takes these two alone.
  Config serialized_config() const override {
    Config all = Layer::serialized_config();
    return {{"layers", all["layers"]}, {"name", all["name"]}};
  }

  std::vector<Inner> layers;
};

LAMINA_REGISTER_LAYER(Pipeline, "keras");

} // namespace lamina::layers

#endif
