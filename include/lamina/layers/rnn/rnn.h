#ifndef LAMINA_LAYERS_RNN_RNN_H
#define LAMINA_LAYERS_RNN_RNN_H

#include <lamina/layers/rnn/recurrent.h>
#include <lamina/layers/rnn/stacked_rnn_cells.h>

namespace lamina::layers {

/// A loop over time around any cell: LSTMCell, GRUCell, SimpleRNNCell, a list of cells, or one derived from RNNCell.
///
///     output, states ← cell(x[:, t], states)
///
/// (batch, time, …) → (batch, …), or (batch, time, …) with return_sequences; with return_state also the states. Call
/// arguments: mask, initial_state. Keras: layers.RNN.
class RNN : public RecurrentLoop<RNN> {
public:
  struct Options {
    LAMINA_LOOP_OPTIONS;
    LAMINA_COMMON_OPTIONS;
  };

  RNN() = default;
  RNN(const Inner &cell) : RNN(cell, Options()) {}
  RNN(const Inner &cell, const Options &options) : options(options), cell_(cell) {
    init(options.name, options.trainable, options.dtype);
  }
  RNN(const std::vector<Inner> &cells) : RNN(cells, Options()) {}
  RNN(const std::vector<Inner> &cells, const Options &options) : RNN(Inner(StackedRNNCells(cells)), options) {}

  std::shared_ptr<LayerBase> make_cell() const {
    if (!cell_)
      throw Error("needs a cell");
    return cell_.get();
  }

  template <typename F> void fields(F &f) {
    loop_fields(f, options);
    f.required("cell", cell_);
  }

  Options options;

private:
  Inner cell_;
};

LAMINA_REGISTER_LAYER(RNN, "keras");

} // namespace lamina::layers

#endif
