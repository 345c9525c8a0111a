#ifndef LAMINA_LAYERS_RESHAPING_CROPPING1D_H
#define LAMINA_LAYERS_RESHAPING_CROPPING1D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Cuts both ends of 1 axis. cropping: one number, one an axis, or {low, high} an axis. Keras: layers.Cropping1D.
class Cropping1D : public MarginsBase<Cropping1D, 1, true> {
public:
  Cropping1D() : Cropping1D(1) {}
  Cropping1D(const Margins &cropping) : Cropping1D(cropping, Options()) {}
  Cropping1D(const Margins &cropping, const Options &options) : MarginsBase(cropping, options) {}
};

LAMINA_REGISTER_LAYER(Cropping1D, "keras");

} // namespace lamina::layers

#endif
