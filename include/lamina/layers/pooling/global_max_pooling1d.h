#ifndef LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING1D_H
#define LAMINA_LAYERS_POOLING_GLOBAL_MAX_POOLING1D_H

#include <lamina/layers/pooling/base_pooling.h>

namespace lamina::layers {

/// The largest element of each channel over all 1 spatial axis. Keras: layers.GlobalMaxPooling1D.
class GlobalMaxPooling1D : public GlobalPoolingBase<GlobalMaxPooling1D, 1, true> {
public:
  GlobalMaxPooling1D() : GlobalMaxPooling1D(Options()) {}
  explicit GlobalMaxPooling1D(const Options &options) : GlobalPoolingBase(options) {}
};

LAMINA_REGISTER_LAYER(GlobalMaxPooling1D, "keras");

} // namespace lamina::layers

#endif
