#ifndef LAMINA_LAYERS_REGULARIZATION_ACTIVITY_REGULARIZATION_H
#define LAMINA_LAYERS_REGULARIZATION_ACTIVITY_REGULARIZATION_H

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Adds l1 · Σ|x| + l2 · Σx² to the loss and gives x. Keras: layers.ActivityRegularization.
class ActivityRegularization : public Layer<ActivityRegularization> {
public:
  struct Options {
    double l1 = 0.0;
    double l2 = 0.0;
    LAMINA_COMMON_OPTIONS;
  };
  ActivityRegularization() : ActivityRegularization(Options()) {}
  explicit ActivityRegularization(const Options &options) : options(options) {
    init(options.name, options.trainable, options.dtype);
    supports_masking = true;
    prepare();
  }
  void prepare() { activity_regularizer = regularizers::l1_l2(options.l1, options.l2); }
  Value call(const Value &x, CallContext &) const { return x; }
  template <typename F> void fields(F &f) {
    f("l1", options.l1);
    f("l2", options.l2);
  }
  Options options;
};

LAMINA_REGISTER_LAYER(ActivityRegularization, "keras");

} // namespace lamina::layers

#endif
