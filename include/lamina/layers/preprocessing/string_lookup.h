#ifndef LAMINA_LAYERS_PREPROCESSING_STRING_LOOKUP_H
#define LAMINA_LAYERS_PREPROCESSING_STRING_LOOKUP_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Refuses a layer of strings with the reason, which arrays of numbers cannot hold. Keras: layers.StringLookup.
class StringLookup : public Layer<StringLookup> {
public:
  StringLookup() { init({}, true, {}); }
  void build(const Shape &) const {
    throw Error("looks up strings, and arrays hold numbers only; look the strings up before, and use IntegerLookup or "
                "Embedding from there on");
  }
  Value call(const Value &x, CallContext &) const { return x; }
};

LAMINA_REGISTER_LAYER(StringLookup, "keras");

} // namespace lamina::layers

#endif
