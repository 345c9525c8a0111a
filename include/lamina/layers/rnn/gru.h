#ifndef LAMINA_LAYERS_RNN_GRU_H
#define LAMINA_LAYERS_RNN_GRU_H

#include <lamina/layers/rnn/gru_cell.h>
#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// Gated recurrent unit. Gates z, r, h stand side by side in the kernels:
///
///     z, r = recurrent_activation(x · W + h · U + b)
///     h' = activation(x · W_h + r · (h · U_h + b'))      with reset_after, else x · W_h + (r · h) · U_h
///     h ← z · h + (1 - z) · h'
///
/// Shapes as LSTM's. Keras: layers.GRU. Cho et al., 2014.
class GRU : public RecurrentBase<GRU> {
public:
  struct Options {
    ActivationFunction activation = "tanh";
    ActivationFunction recurrent_activation = "sigmoid";
    bool use_bias = true;
    bool reset_after = true;
    LAMINA_RECURRENT_OPTIONS;
  };

  GRU() : GRU(1) {}
  explicit GRU(std::int64_t units) : GRU(units, Options()) {}
  GRU(std::int64_t units, const Options &options) : units(units), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
  }

  std::shared_ptr<LayerBase> make_cell() const {
    return std::make_shared<GRUCell>(units,
                                     cell_options<GRUCell::Options>(options, dtype_policy_, trainable(), "gru_cell"));
  }

  template <typename F> void fields(F &f) {
    loop_fields(f, options);
    f.required("units", units);
    f("activation", options.activation);
    f("recurrent_activation", options.recurrent_activation);
    f("use_bias", options.use_bias);
    cell_weight_fields(f, options);
    f("reset_after", options.reset_after);
    f.optional("activity_regularizer", activity_regularizer);
  }

  std::int64_t units;
  Options options;
};

LAMINA_REGISTER_LAYER(GRU, "keras");

} // namespace lamina::layers

#endif
