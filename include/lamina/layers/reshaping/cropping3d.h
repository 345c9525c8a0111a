#ifndef LAMINA_LAYERS_RESHAPING_CROPPING3D_H
#define LAMINA_LAYERS_RESHAPING_CROPPING3D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Cuts both ends of 3 axes. cropping: one number, one an axis, or {low, high} an axis. Keras: layers.Cropping3D.
class Cropping3D : public MarginsBase<Cropping3D, 3, true> {
public:
  Cropping3D() : Cropping3D(1) {}
  Cropping3D(const Margins &cropping) : Cropping3D(cropping, Options()) {}
  Cropping3D(const Margins &cropping, const Options &options) : MarginsBase(cropping, options) {}
};

LAMINA_REGISTER_LAYER(Cropping3D, "keras");

} // namespace lamina::layers

#endif
