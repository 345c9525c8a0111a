#ifndef LAMINA_LAYER_H
#define LAMINA_LAYER_H

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <lamina/activations.h>
#include <lamina/config.h>
#include <lamina/error.h>
#include <lamina/keras_tensor.h>
#include <lamina/ops.h>
#include <lamina/variable.h>

namespace lamina {

class LayerBase;

/// Sizes along spatial axes: one for all of them, or one each.
class Sizes : public std::vector<std::int64_t> {
public:
  Sizes() = default;
  Sizes(int size) : vector{size}, same(true) {}
  Sizes(std::int64_t size) : vector{size}, same(true) {}
  Sizes(std::initializer_list<std::int64_t> sizes) : vector(sizes) {}
  /// n entries. Errors: another number, an entry below least.
  Sizes expanded(std::size_t n, const char *what, std::int64_t least = 1) const;

  /// The one size, or a list.
  Config get_config() const { return same ? Config(front()) : Config(static_cast<const vector &>(*this)); }

  bool same = false; ///< one size for all axes
};

/// What a call tells a layer beside its inputs.
class CallContext {
public:
  CallContext(trace::Graph &graph, LayerBase &layer) : graph_(&graph), layer_(&layer) {}

  bool training = false;
  /// The mask of each input, no value where it has none.
  Values masks = {};
  /// Keyword arguments; tensors among them are written {"__tensor__": i}.
  Config kwargs = Config::dict();
  Values tensors = {};

  Value mask(std::size_t input = 0) const { return input < masks.size() ? masks[input] : Value(); }
  /// A keyword argument that is a tensor, or no value.
  Value tensor(std::string_view key) const;
  /// A keyword argument that is a list of tensors.
  Values tensor_list(std::string_view key) const;
  bool flag(std::string_view key, bool otherwise = false) const;

  /// Adds a scalar to the model's loss.
  void add_loss(const Value &loss) const;
  /// The variable's value after this call. That of one that trains is its own until the call's end: a training step
  /// moves it from where it was before.
  void update(const Variable &variable, const Value &value) const;
  /// The mask of one of the call's results, for layers whose mask depends on the call.
  void set_mask(const Value &result, const Value &mask) const;
  /// The seed of this call, and a number for each random op so that no two give the same bits.
  Value seed() const;
  std::int64_t stream(std::optional<std::int64_t> layer_seed = {}) const;

  trace::Graph &graph() const { return *graph_; }
  LayerBase &layer() const { return *layer_; }

private:
  trace::Graph *graph_;
  LayerBase *layer_;
};

/// Keyword arguments of a call in the graph of layers.
struct CallArguments {
  KerasTensor mask = {};
  std::vector<KerasTensor> initial_state = {};
  KerasTensor attention_mask = {};
  bool use_causal_mask = false;
  bool return_attention_scores = false;
  /// ReversibleEmbedding: from the embedding back to the vocabulary.
  bool reverse = false;
};

/// What all layers have. Derive from Layer<D>.
class LayerBase : public std::enable_shared_from_this<LayerBase> {
public:
  LayerBase() = default;
  LayerBase(const LayerBase &) = default;
  LayerBase &operator=(const LayerBase &) = default;
  virtual ~LayerBase();

  /// Given, or the class's name in snake case with a number.
  const std::string &name() const;
  bool trainable() const { return self().trainable_; }
  /// Also of layers inside. Takes effect at the next compile.
  void set_trainable(bool trainable);
  /// What `call` computes in: float32 where weights or results are kept in 16 bits.
  DType dtype() const { return dtype_; }
  /// What inputs, weights in use and results are rounded to. Keras: compute_dtype.
  DType compute_dtype() const { return compute_dtype_; }
  /// What weights are kept in. Keras: variable_dtype.
  DType variable_dtype() const { return variable_dtype_; }
  bool built() const { return self().built_; }

  /// Weights and states in Keras's order: own trainable ones, own others, then those of layers inside.
  std::vector<Variable> weights() const;
  std::vector<Variable> trainable_weights() const;
  std::vector<Variable> non_trainable_weights() const;
  std::vector<Tensor> get_weights() const;
  /// Errors: another number, other shapes.
  void set_weights(const std::vector<Tensor> &values);
  std::int64_t count_params() const;

  /// Calls the layer in the graph of layers.
  /// Errors: shapes that do not fit.
  KerasTensor operator()(const KerasTensor &x, const CallArguments &arguments = {});
  KerasTensor operator()(const std::vector<KerasTensor> &x, const CallArguments &arguments = {});
  /// Calls the layer inside another's `call`.
  Value operator()(const Value &x);
  Values operator()(const Values &x);
  /// Stateful layers, and models with such inside, begin anew.
  virtual void reset_states();
  /// Runs the layer on an array.
  Tensor operator()(const Tensor &x, bool training = false);

  /// The class's name, and the package that it was registered in: "keras" for Keras's own.
  virtual std::string class_name() const;
  virtual std::string package() const;
  /// The name of Keras's Python class, which names layers and the groups of their weights.
  virtual std::string python_name() const { return class_name(); }
  /// All arguments, as Keras saves them.
  virtual Config serialized_config() const = 0;

  // What follows is for the graph of layers and files, and for layers that hold others.

  struct Child {
    std::string path; ///< where Keras keeps its weights
    std::shared_ptr<LayerBase> layer;
  };
  const std::vector<Child> &children() const { return self().children_; }
  const std::vector<Variable> &own_trainable() const { return self().own_trainable_; }
  const std::vector<Variable> &own_non_trainable() const { return self().own_non_trainable_; }
  const Config &loaded_config() const { return loaded_config_; }

  /// Traces a call. inputs are all tensors of args and kwargs, which refer to them as {"__tensor__": i}.
  virtual Values invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs);
  Values invoke(trace::Graph &graph, const Values &inputs);
  /// Records a call. The structure is as for invoke.
  std::vector<KerasTensor> record_call(const std::vector<KerasTensor> &inputs, const Config &args,
                                       const Config &kwargs);
  /// Makes the weights for inputs of these shapes, once.
  void ensure_built(const std::vector<Shape> &shapes);
  /// The names of the inputs where they are arguments of their own (query, value), not one tensor or list.
  virtual std::vector<std::string> input_names() const { return {}; }
  /// The layer that copies of this one share.
  virtual std::shared_ptr<LayerBase> shared() = 0;
  /// Takes the common and own arguments from a saved configuration.
  void load_config(const Config &config);

protected:
  /// Common arguments; an empty name makes one up. dtype: a type's name, mixed_float16 or mixed_bfloat16.
  void init(const std::string &name, bool trainable, const std::string &dtype);

  Variable add_weight(const std::string &name, const Shape &shape, Variable::Options options = {});
  /// For layers that hold others.
  void add_child(const std::string &path, const std::shared_ptr<LayerBase> &layer);
  /// For a list of layers as the attribute `path` of Keras's class.
  void add_children(const std::string &path, const std::vector<std::shared_ptr<LayerBase>> &layers);
  /// Counts another layer's weight as this one's own, too.
  void share_weight(const Variable &variable, bool trainable);

  virtual void do_build(const std::vector<Shape> &shapes) = 0;
  virtual Values do_call(const Values &inputs, CallContext &context) = 0;
  virtual Values do_compute_mask(const Values &inputs, const Values &masks);
  virtual void do_load(const Config &config) = 0;
  virtual const std::type_info &type() const = 0;
  virtual LayerBase &self() = 0;
  const LayerBase &self() const { return const_cast<LayerBase *>(this)->self(); }
  Config base_config() const;

  /// Whether the layer has a `compute_mask` of its own, and so knows about masks.
  virtual bool computes_mask() const { return false; }
  /// Whether the layer gives a mask also where its input has none.
  virtual bool makes_mask() const { return false; }
  /// Whether the activity_regularizer of a layer that this one calls counts.
  virtual bool regularizes_inner_activity() const { return true; }

  /// Keras: a layer that is not in the know drops masks; without a `compute_mask` it passes them on.
  bool supports_masking = false;
  Regularizer activity_regularizer = {};
  std::string dtype_policy_ = "float32";

private:
  /// Own weights if they train, and those of layers inside: as an argument `trainable` is the layer's own affair,
  /// set_trainable is one of all layers inside.
  void collect_trainable(std::vector<Variable> &result) const;
  KerasTensor call_recorded(std::vector<KerasTensor> inputs, bool list, const CallArguments &arguments);

  mutable std::string name_;
  bool trainable_ = true;
  bool built_ = false;
  DType dtype_ = DType::Float32, compute_dtype_ = DType::Float32, variable_dtype_ = DType::Float32;
  Config loaded_config_;
  std::vector<Variable> own_trainable_, own_non_trainable_;
  std::vector<Child> children_;
};

namespace detail {

/// Collects a layer's arguments.
class ConfigWriter {
public:
  explicit ConfigWriter(Config &config) : config_(config) {}
  template <typename T> void operator()(const char *key, const T &value) {
    if constexpr (requires { value.get_config(); })
      config_.set(key, value.get_config());
    else
      config_.set(key, Config(value));
  }
  template <typename T> void required(const char *key, const T &value) { (*this)(key, value); }
  /// Left out where it is not set, as Keras does.
  template <typename T> void optional(const char *key, const T &value) {
    if (value.defined())
      (*this)(key, value);
  }

private:
  Config &config_;
};

void read(const Config &config, bool &value);
void read(const Config &config, std::int64_t &value);
void read(const Config &config, double &value);
void read(const Config &config, std::string &value);
void read(const Config &config, Sizes &value);
void read(const Config &config, std::vector<std::int64_t> &value);
inline void read(const Config &config, Config &value) { value = config; }
void read(const Config &config, Axes &value);
template <typename T> void read(const Config &config, std::optional<T> &value);
template <typename T> void read(const Config &config, std::vector<T> &value);
template <typename T>
  requires requires(const Config &config) { T::from_config(config); }
void read(const Config &config, T &value) {
  value = T::from_config(config);
}
template <typename T> void read(const Config &config, std::optional<T> &value) {
  value.reset();
  if (!config.is_null())
    read(config, value.emplace());
}
template <typename T> void read(const Config &config, std::vector<T> &value) {
  value.clear();
  for (const Config &item : config.as_list())
    read(item, value.emplace_back());
}

/// Sets a layer's arguments; those that are missing keep their defaults.
class ConfigReader {
public:
  explicit ConfigReader(const Config &config) : config_(config) {}
  template <typename T> void operator()(const char *key, T &value) {
    if (const Config *entry = config_.find(key))
      read_entry(key, *entry, value);
  }
  template <typename T> void required(const char *key, T &value) {
    const Config *entry = config_.find(key);
    if (!entry)
      throw Error(std::string("its configuration has no '") + key + "'");
    read_entry(key, *entry, value);
  }
  template <typename T> void optional(const char *key, T &value) { (*this)(key, value); }

private:
  template <typename T> void read_entry(const char *key, const Config &entry, T &value) {
    try {
      read(entry, value);
    } catch (const Error &error) {
      throw Error(std::string(key) + ": " + error.what());
    }
  }
  const Config &config_;
};

Values to_values(trace::Graph &graph, const Value &value);
inline Values to_values(trace::Graph &, Values values) { return values; }
template <typename T> Values to_values(trace::Graph &graph, const T &expression) {
  return {as_value(graph, expression)};
}
inline Values to_values(trace::Graph &, const Value &value) { return {value}; }

} // namespace detail

/// A layer written as a class D:
///
///     struct SwiGlu : Layer<SwiGlu> {
///       explicit SwiGlu(int units) : units(units) {}
///       void build(Shape input) { gate = add_weight("gate", {input.back(), units}); up = add_weight("up",
///       {input.back(), units}); } auto call(auto x, CallContext) const { return silu(dot(x, gate)) * dot(x, up); }
///       Config get_config() const { return {{"units", units}}; }
///       static SwiGlu from_config(const Config &config) { return SwiGlu(config["units"]); }
///       int units;
///       Variable gate, up;
///     };
///     LAMINA_REGISTER_LAYER(SwiGlu, "mylib");
///
/// `build` takes a Shape, or all inputs' shapes; it may be missing. `call` takes a Value or Values, and may give an
/// expression. `compute_mask(x, mask)` may be given. Instead of get_config and from_config, `fields(f)` may list
/// arguments as f("units", units). Copies of a layer that was called share its weights.
template <typename D> class Layer : public LayerBase {
public:
  std::shared_ptr<LayerBase> shared() final {
    if (auto owned = weak_from_this().lock())
      return owned;
    if (!instance_)
      instance_ = std::make_shared<D>(derived());
    return instance_;
  }

  std::string python_name() const override {
    if constexpr (requires { D::python_class; })
      return D::python_class;
    else
      return class_name();
  }

  Config serialized_config() const override {
    Config config = base_config();
    D &d = const_cast<Layer *>(this)->target();
    if constexpr (requires(detail::ConfigWriter &writer) { d.fields(writer); }) {
      detail::ConfigWriter writer(config);
      d.fields(writer);
    } else if constexpr (requires { d.get_config(); }) {
      Config own = d.get_config();
      if (own.is_dict())
        for (const auto &[key, value] : own.as_dict())
          config.set(key, value);
    }
    return config;
  }

protected:
  void do_build(const std::vector<Shape> &shapes) override {
    D &d = derived();
    if constexpr (requires { d.prepare(); })
      d.prepare();
    if constexpr (requires { d.build(shapes); })
      d.build(shapes);
    else if constexpr (requires { d.build(shapes[0]); }) {
      if (shapes.empty())
        throw Error("a call without inputs");
      d.build(shapes[0]);
    } else if constexpr (requires { d.build(); })
      d.build();
  }

  Values do_call(const Values &inputs, CallContext &context) override {
    D &d = derived();
    if constexpr (requires { d.call(inputs[0], context); }) {
      if (inputs.empty())
        throw Error("a call without inputs");
      return detail::to_values(context.graph(), d.call(inputs[0], context));
    } else {
      return detail::to_values(context.graph(), d.call(inputs, context));
    }
  }

  bool computes_mask() const override {
    return requires(D & d, const Values &values) { d.compute_mask(values[0], values[0]); } ||
           requires(D & d, const Values &values) { d.compute_mask(values, values); };
  }

  Values do_compute_mask(const Values &inputs, const Values &masks) override {
    D &d = derived();
    if constexpr (requires { d.compute_mask(inputs[0], masks[0]); })
      return {d.compute_mask(inputs[0], masks[0])};
    else if constexpr (requires { d.compute_mask(inputs, masks); })
      return d.compute_mask(inputs, masks);
    else
      return LayerBase::do_compute_mask(inputs, masks);
  }

  void do_load(const Config &config) override {
    D &d = derived();
    if constexpr (requires(detail::ConfigReader &reader) { d.fields(reader); }) {
      detail::ConfigReader reader(config);
      d.fields(reader);
    }
    if constexpr (requires { d.prepare(); })
      d.prepare();
  }

  const std::type_info &type() const final { return typeid(D); }
  LayerBase &self() final { return instance_ ? static_cast<LayerBase &>(*instance_) : *this; }

private:
  D &derived() { return static_cast<D &>(*this); }
  D &target() { return instance_ ? *instance_ : derived(); }

  std::shared_ptr<D> instance_;
};

namespace detail {
using LayerFactory = std::function<std::shared_ptr<LayerBase>(const Config &config)>;
bool register_layer(const std::type_info &type, std::string_view class_name, std::string_view package,
                    LayerFactory factory);
} // namespace detail

template <typename D> bool register_layer(std::string_view class_name, std::string_view package) {
  return detail::register_layer(typeid(D), class_name, package, [](const Config &config) -> std::shared_ptr<LayerBase> {
    if constexpr (requires { D::from_config(config); })
      return std::make_shared<D>(D::from_config(config));
    else
      return std::make_shared<D>();
  });
}

/// A new layer from its serialized form {module, class_name, config, registered_name}.
/// Errors: a class that is not registered; arguments that do not fit.
std::shared_ptr<LayerBase> layer_from_config(const Config &serialized);
/// The serialized form.
Config serialize_layer(const LayerBase &layer);
/// The same for layers, models and operations of keras.ops; a loaded layer's arguments are kept as they were read.
std::shared_ptr<LayerBase> object_from_config(const Config &serialized);
Config serialize_object(const LayerBase &layer);

/// A layer or model inside a layer.
class Inner {
public:
  Inner() = default;
  Inner(std::shared_ptr<LayerBase> layer) : layer_(std::move(layer)) {}
  template <typename D>
    requires std::derived_from<D, LayerBase>
  Inner(D layer) : layer_(layer.shared()) {}
  template <typename M>
    requires requires(const M &model) {
      { model.layer() } -> std::convertible_to<std::shared_ptr<LayerBase>>;
    }
  Inner(const M &model) : layer_(model.layer()) {}

  bool defined() const { return layer_ != nullptr; }
  explicit operator bool() const { return defined(); }
  LayerBase &operator*() const { return *layer_; }
  LayerBase *operator->() const { return layer_.get(); }
  const std::shared_ptr<LayerBase> &get() const { return layer_; }

  Config get_config() const { return layer_ ? serialize_object(*layer_) : Config(); }
  operator Config() const { return get_config(); }
  static Inner from_config(const Config &config) {
    return config.is_null() ? Inner() : Inner(object_from_config(config));
  }

private:
  std::shared_ptr<LayerBase> layer_;
};

/// The layers themselves, in order.
std::vector<std::shared_ptr<LayerBase>> layers_of(const std::vector<Inner> &list);

/// The registered class names of a package, in order.
std::vector<std::string> registered_layers(std::string_view package = "keras");

/// "MyLayer2D" → "my_layer2d", as Keras names layers and the groups of their weights.
std::string to_snake_case(std::string_view class_name);

} // namespace lamina

/// Makes Class known to files under package: `LAMINA_REGISTER_LAYER(SwiGlu, "mylib");` after the class.
#define LAMINA_REGISTER_LAYER(Class, package)                                                                          \
  inline const bool lamina_registered_##Class = ::lamina::register_layer<Class>(#Class, package)

/// Arguments of every layer; the last of its Options.
#define LAMINA_COMMON_OPTIONS                                                                                          \
  std::string name = {};                                                                                               \
  bool trainable = true;                                                                                               \
  std::string dtype = "float32"

#endif
