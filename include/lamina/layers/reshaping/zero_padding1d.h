#ifndef LAMINA_LAYERS_RESHAPING_ZERO_PADDING1D_H
#define LAMINA_LAYERS_RESHAPING_ZERO_PADDING1D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Zeros around 1 axis. padding: one number, one an axis, or {low, high} an axis. Keras: layers.ZeroPadding1D.
class ZeroPadding1D : public MarginsBase<ZeroPadding1D, 1, false> {
public:
  ZeroPadding1D() : ZeroPadding1D(1) {}
  ZeroPadding1D(const Margins &padding) : ZeroPadding1D(padding, Options()) {}
  ZeroPadding1D(const Margins &padding, const Options &options) : MarginsBase(padding, options) {}
};

LAMINA_REGISTER_LAYER(ZeroPadding1D, "keras");

} // namespace lamina::layers

#endif
