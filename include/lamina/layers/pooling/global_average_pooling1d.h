#ifndef LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING1D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_AVERAGE_POOLING1D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The mean of each channel over all 1 spatial axis. A mask leaves its steps out. Keras: layers.GlobalAveragePooling1D.
class GlobalAveragePooling1D : public GlobalPoolingBase<GlobalAveragePooling1D, 1, false> {
public:
  GlobalAveragePooling1D() : GlobalAveragePooling1D(Options()) {}
  explicit GlobalAveragePooling1D(const Options &options) : GlobalPoolingBase(options) {}
  Value compute_mask(const Value &, const Value &) const { return {}; }
};

LAMINA_REGISTER_LAYER(GlobalAveragePooling1D, "keras");

} // namespace lamina::layers

#endif
