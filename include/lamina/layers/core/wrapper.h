#ifndef LAMINA_LAYERS_CORE_WRAPPER_H
#define LAMINA_LAYERS_CORE_WRAPPER_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// A layer around another, which its argument `layer` holds. D derives from Wrapper<D>. Keras: layers.Wrapper.
template <typename D> class Wrapper : public Layer<D> {
public:
  Wrapper() = default;
  explicit Wrapper(Inner layer) : layer(std::move(layer)) {}

  void prepare() {
    if (!layer)
      throw Error("needs a layer to wrap");
    this->add_child("layer", layer.get());
  }

  void build(const std::vector<Shape> &inputs) { layer->ensure_built(inputs); }

  template <typename F> void fields(F &f) { f.required("layer", layer); }

  Inner layer;
};

/// Calls a layer inside another's call, with the inputs and keyword arguments that are given.
class InnerCall {
public:
  explicit InnerCall(Value input) : inputs_{std::move(input)} {}
  InnerCall &tensor(const char *key, const Value &value) {
    if (value.defined())
      kwargs_.set(key, reference(value));
    return *this;
  }
  InnerCall &tensors(const char *key, std::span<const Value> values) {
    Config list = Config::List();
    for (const Value &value : values)
      list.push_back(reference(value));
    if (!values.empty())
      kwargs_.set(key, list);
    return *this;
  }
  Values operator()(LayerBase &layer) const {
    return layer.invoke(inputs_[0].graph(), inputs_, Config::list({Config{{"__tensor__", 0}}}), kwargs_);
  }
  /// Of a layer that gives one output. Errors: it gives several.
  Value only(LayerBase &layer) const {
    Values outputs = (*this)(layer);
    if (outputs.size() != 1)
      throw Error("layer '" + layer.name() + "' gives " + std::to_string(outputs.size()) +
                  " outputs; it must give one");
    return outputs[0];
  }

private:
  Config reference(const Value &value) {
    inputs_.push_back(value);
    return {{"__tensor__", inputs_.size() - 1}};
  }

  Values inputs_;
  Config kwargs_ = Config::dict();
};

} // namespace lamina::layers

#endif
