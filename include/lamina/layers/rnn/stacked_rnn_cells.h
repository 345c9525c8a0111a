#ifndef LAMINA_LAYERS_RNN_STACKED_RNN_CELLS_H
#define LAMINA_LAYERS_RNN_STACKED_RNN_CELLS_H

#include <lamina/layers/rnn/rnn_cell.h>

namespace lamina::layers {

/// Cells one on the other as one cell: each takes the output of the one before; the states are those of all cells in
/// turn. For RNN. Keras: layers.StackedRNNCells.
class StackedRNNCells : public RNNCell<StackedRNNCells> {
public:
  struct Options {
    LAMINA_COMMON_OPTIONS;
  };

  StackedRNNCells() = default;
  StackedRNNCells(const std::vector<Inner> &cells) : StackedRNNCells(cells, Options()) {}
  StackedRNNCells(const std::vector<Inner> &cells, const Options &options) : cells(cells) {
    init(options.name, options.trainable, options.dtype);
  }

  void check() const override {
    if (cells.empty())
      throw Error("needs at least one cell");
    for (std::size_t i = 0; i < cells.size(); ++i)
      cell(i).check();
  }

  void prepare() {
    check();
    add_children("cells", layers_of(cells));
  }

  void build(const std::vector<Shape> &inputs) {
    Shape input = inputs.at(0), batch{input[0]};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cells[i]->ensure_built({input});
      input = batch.concat(cell(i).output_shape());
    }
  }

  std::vector<Shape> state_shapes() const override {
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < cells.size(); ++i)
      for (const Shape &shape : cell(i).state_shapes())
        shapes.push_back(shape);
    return shapes;
  }
  Shape output_shape() const override { return cell(cells.size() - 1).output_shape(); }
  std::size_t output_state() const override {
    const RecurrentCell &last = cell(cells.size() - 1);
    return state_shapes().size() - last.state_shapes().size() + last.output_state();
  }
  bool output_is_state() const override { return cell(cells.size() - 1).output_is_state(); }

  CellRun begin(const Dim &batch, CallContext &context) override {
    std::vector<CellRun> runs;
    std::vector<std::size_t> counts;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      runs.push_back(cell(i).begin(batch, context));
      counts.push_back(cell(i).state_shapes().size());
    }
    return {runs[0].project, [runs, counts](const Value &x, const Values &states) {
              Value y = x;
              Values given;
              auto next = states.begin();
              for (std::size_t i = 0; i < runs.size(); ++i) {
                auto end = next + static_cast<std::ptrdiff_t>(counts[i]);
                Values result = runs[i].step(i ? runs[i].project(y) : y, Values(next, end));
                next = end;
                y = result.at(0);
                given.insert(given.end(), result.begin() + 1, result.end());
              }
              given.insert(given.begin(), y);
              return given;
            }};
  }

  Values call(const Values &inputs, CallContext &context) { return run_once(inputs, context); }

  template <typename F> void fields(F &f) { f.required("cells", cells); }

  std::vector<Inner> cells;

private:
  RecurrentCell &cell(std::size_t i) const {
    auto *found = dynamic_cast<RecurrentCell *>(cells[i].operator->());
    if (!found)
      throw Error("expects cells, got " + (cells[i] ? "the layer '" + cells[i]->name() + "'" : std::string("nothing")) +
                  "; derive it from RNNCell");
    return *found;
  }
};

LAMINA_REGISTER_LAYER(StackedRNNCells, "keras");

} // namespace lamina::layers

#endif
