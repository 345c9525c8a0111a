#ifndef LAMINA_LAYERS_RESHAPING_ZERO_PADDING3D_H
#define LAMINA_LAYERS_RESHAPING_ZERO_PADDING3D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Zeros around 3 axes. padding: one number, one an axis, or {low, high} an axis. Keras: layers.ZeroPadding3D.
class ZeroPadding3D : public MarginsBase<ZeroPadding3D, 3, false> {
public:
  ZeroPadding3D() : ZeroPadding3D(1) {}
  ZeroPadding3D(const Margins &padding) : ZeroPadding3D(padding, Options()) {}
  ZeroPadding3D(const Margins &padding, const Options &options) : MarginsBase(padding, options) {}
};

LAMINA_REGISTER_LAYER(ZeroPadding3D, "keras");

} // namespace lamina::layers

#endif
