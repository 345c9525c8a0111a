#ifndef LAMINA_LAYERS_RESHAPING_ZERO_PADDING2D_H
#define LAMINA_LAYERS_RESHAPING_ZERO_PADDING2D_H

#include <lamina/layers/reshaping/base_margins.h>

namespace lamina::layers {

/// Zeros around 2 axes. padding: one number, one an axis, or {low, high} an axis. Keras: layers.ZeroPadding2D.
class ZeroPadding2D : public MarginsBase<ZeroPadding2D, 2, false> {
public:
  ZeroPadding2D() : ZeroPadding2D(1) {}
  ZeroPadding2D(const Margins &padding) : ZeroPadding2D(padding, Options()) {}
  ZeroPadding2D(const Margins &padding, const Options &options) : MarginsBase(padding, options) {}
};

LAMINA_REGISTER_LAYER(ZeroPadding2D, "keras");

} // namespace lamina::layers

#endif
