#ifndef LAMINA_LAYERS_RNN_BIDIRECTIONAL_H
#define LAMINA_LAYERS_RNN_BIDIRECTIONAL_H

#include <lamina/layers/core/wrapper.h>
#include <lamina/layers/rnn/recurrent.h>

namespace lamina::layers {

/// A recurrent layer in both directions of time.
///
///     y = merge(layer(x), backward_layer(x))      merge_mode: concat, sum, mul, ave, or none: both outputs
///
/// Shapes as the layer's, twice the units for concat. backward_layer is by default the layer with go_backwards turned
/// around; both are new layers with weights of their own. Masked steps give 0 in sequences. With return_state the
/// states of the forward, then of the backward layer follow; initial_state holds them in the same order. Errors: layers
/// whose return_sequences, return_state or stateful differ, or whose go_backwards does not. Keras:
/// layers.Bidirectional. Schuster and Paliwal, 1997.
class Bidirectional : public Layer<Bidirectional> {
public:
  struct Options {
    std::optional<std::string> merge_mode = "concat";
    Inner backward_layer = {};
    /// Initial values, those of the forward layer first.
    std::vector<Tensor> weights = {};
    LAMINA_COMMON_OPTIONS;
  };

  Bidirectional() = default;
  Bidirectional(const Inner &layer) : Bidirectional(layer, Options()) {}
  Bidirectional(const Inner &layer, const Options &options) : options(options), given_(layer) {
    init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    make_layers();
    if (options.merge_mode && *options.merge_mode != "concat" && *options.merge_mode != "sum" &&
        *options.merge_mode != "mul" && *options.merge_mode != "ave")
      throw Error("merge_mode must be concat, sum, mul, ave or none, got '" + *options.merge_mode + "'");
    add_child("forward_layer", forward_layer.get());
    add_child("backward_layer", backward_layer.get());
  }

  void build(const Shape &input) {
    forward_layer->ensure_built({input});
    backward_layer->ensure_built({input});
    if (options.weights.empty())
      return;
    auto half = options.weights.begin() + static_cast<std::ptrdiff_t>(options.weights.size() / 2);
    forward_layer->set_weights({options.weights.begin(), half});
    backward_layer->set_weights({half, options.weights.end()});
  }

  Values call(const Value &x, CallContext &context) const {
    Values states = context.tensor_list("initial_state");
    if (states.size() % 2)
      throw Error("initial_state must hold the states of both directions, got " + std::to_string(states.size()) +
                  " tensors");
    std::span<const Value> all = states;
    Values forward =
        InnerCall(x).tensor("mask", context.mask()).tensors("initial_state", all.first(all.size() / 2))(*forward_layer);
    Values backward =
        InnerCall(x).tensor("mask", context.mask()).tensors("initial_state", all.last(all.size() / 2))(*backward_layer);
    Value y = to_dtype(forward[0], dtype()), back = to_dtype(backward[0], dtype());
    if (recurrent(forward_layer).flags().return_sequences)
      back = reverse(back, {1});
    Values given = merge(y, back);
    given.insert(given.end(), forward.begin() + 1, forward.end());
    given.insert(given.end(), backward.begin() + 1, backward.end());
    return given;
  }

  Values compute_mask(const Values &, const Values &masks) const {
    Value mask = recurrent(forward_layer).flags().return_sequences && !masks.empty() ? masks[0] : Value();
    return options.merge_mode ? Values{mask} : Values{mask, mask};
  }

  Config get_config() {
    make_layers();
    return {{"merge_mode", options.merge_mode},
            {"layer", forward_layer.get_config()},
            {"backward_layer", backward_layer.get_config()}};
  }
  static Bidirectional from_config(const Config &config) {
    Options options;
    Inner layer;
    detail::ConfigReader reader(config);
    reader.required("layer", layer);
    reader("merge_mode", options.merge_mode);
    reader("backward_layer", options.backward_layer);
    return Bidirectional(layer, options);
  }

  Options options;
  /// Known once the layer was called or saved.
  Inner forward_layer, backward_layer;

private:
  static Recurrent &recurrent(const Inner &layer) {
    auto *found = dynamic_cast<Recurrent *>(layer.operator->());
    if (!found)
      throw Error("needs a recurrent layer, got " +
                  (layer ? layer->class_name() + " '" + layer->name() + "'" : std::string("none")));
    return *found;
  }

  /// A new layer with the arguments of the one that was given.
  static Inner renewed(const Inner &layer, const std::string &prefix, bool go_backwards) {
    std::string name = layer->name();
    if (name.starts_with(prefix))
      name = name.substr(prefix.size());
    Config object = layer.get_config(), config = object["config"];
    config.set("name", prefix + name);
    config.set("go_backwards", go_backwards);
    object.set("config", config);
    return Inner::from_config(object);
  }

  void make_layers() {
    if (forward_layer)
      return;
    bool backwards = recurrent(given_).flags().go_backwards;
    Inner forward = renewed(given_, "forward_", backwards);
    Inner backward = options.backward_layer ? options.backward_layer : renewed(given_, "backward_", true);
    Recurrent::Flags f = recurrent(forward).flags(), b = recurrent(backward).flags();
    if (f.go_backwards == b.go_backwards)
      throw Error(std::string("the layer and its backward_layer must differ in go_backwards, both have ") +
                  (f.go_backwards ? "true" : "false"));
    auto agree = [](bool one, bool other, const char *what) {
      if (one != other)
        throw Error(std::string("the layer and its backward_layer must have the same ") + what);
    };
    agree(f.return_sequences, b.return_sequences, "return_sequences");
    agree(f.return_state, b.return_state, "return_state");
    agree(f.stateful, b.stateful, "stateful");
    for (const Inner &layer : {forward, backward})
      recurrent(layer).set_zero_output_for_mask(f.return_sequences);
    forward_layer = forward;
    backward_layer = backward;
  }

  Values merge(const Value &y, const Value &back) const {
    if (!options.merge_mode)
      return {y, back};
    if (*options.merge_mode == "sum")
      return {y + back};
    if (*options.merge_mode == "ave")
      return {(y + back) * 0.5};
    if (*options.merge_mode == "mul")
      return {y * back};
    return {concatenate({y, back})};
  }

  Inner given_;
};

LAMINA_REGISTER_LAYER(Bidirectional, "keras");

} // namespace lamina::layers

#endif
