#ifndef LAMINA_LAYERS_RESHAPING_CROPPING2D_H
#define LAMINA_LAYERS_RESHAPING_CROPPING2D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Cuts both ends of 2 axes. cropping: one number, one an axis, or {low, high} an axis. Keras: layers.Cropping2D.
class Cropping2D : public MarginsBase<Cropping2D, 2, true> {
public:
  Cropping2D() : Cropping2D(0) {}
  Cropping2D(const Margins &cropping) : Cropping2D(cropping, Options()) {}
  Cropping2D(const Margins &cropping, const Options &options) : MarginsBase(cropping, options) {}
};

LAMINA_REGISTER_LAYER(Cropping2D, "keras");

} // namespace lamina::layers

#endif
