#ifndef LAMINA_MODEL_H
#define LAMINA_MODEL_H

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lamina/keras_tensor.h>
#include <lamina/layer.h>
#include <lamina/losses.h>
#include <lamina/metrics.h>
#include <lamina/optimizers.h>
#include <lamina/profile.h>
#include <lamina/tensor.h>

namespace lamina {

struct InputOptions {
  DType dtype = DType::Float32;
  std::string name = {};
};
/// A model's input, of this shape for one sample; `none` where a size is open. Keras: Input(shape).
KerasTensor Input(const Shape &shape, const InputOptions &options = {});
/// The same with the batch's size, which may be fixed.
KerasTensor BatchInput(const Shape &batch_shape, const InputOptions &options = {});

/// Values of each epoch by name: loss, metrics, val_loss, …
struct History {
  std::vector<std::pair<std::string, std::vector<double>>> history;
  /// Errors: no such entry.
  const std::vector<double> &operator[](const std::string &name) const;
};

struct RunArguments {
  bool training = false;
  std::uint64_t seed = 0;
  int threads = 0;
  /// Where to say which kernel took how long; calls with and without are compiled apart.
  Profile *profile = nullptr;
};

struct CompileArguments {
  Optimizer optimizer = "rmsprop";
  LossList loss = {};
  OutputMetrics metrics = {};          ///< of all samples alike
  OutputMetrics weighted_metrics = {}; ///< by sample_weight
  /// One for each output, in the order of the losses; or one for all.
  std::vector<double> loss_weights = {};
};

struct FitArguments {
  int epochs = 1;
  std::int64_t batch_size = 32;
  bool shuffle = true;
  Tensor sample_weight = {};
  double validation_split = 0.0;
  std::vector<Tensor> validation_x = {};
  std::vector<Tensor> validation_y = {};
  Tensor validation_sample_weight = {};
  /// 0 silent, 1 a bar, 2 a line an epoch; by default what fits standard error.
  std::optional<int> verbose = {};
  std::uint64_t seed = 0;
  int threads = 0;
};

struct EvaluateArguments {
  std::int64_t batch_size = 32;
  Tensor sample_weight = {};
  int threads = 0;
};

struct TrainArguments {
  Tensor sample_weight = {};
  std::uint64_t seed = 0;
  int threads = 0;
  Profile *profile = nullptr; ///< as in RunArguments
};

struct PredictArguments {
  std::int64_t batch_size = 32;
  int threads = 0;
};

/// Names and values of a step or an evaluation.
using Scores = std::vector<std::pair<std::string, double>>;

struct Gradients {
  std::vector<Tensor> inputs;  ///< none for inputs that are not floating-point
  std::vector<Tensor> weights; ///< in the order of trainable_weights
};

class Network;

struct ModelOptions {
  std::string name = {};
};

/// A graph of layers that trains and predicts. A handle: copies are the same model.
class Model {
public:
  using Options = ModelOptions;

  /// From inputs to outputs. Errors: an output that depends on something else; two layers of one name.
  Model(const KerasTensor &input, const KerasTensor &output, const Options &options = {});
  Model(const std::vector<KerasTensor> &inputs, const KerasTensor &output, const Options &options = {});
  Model(const KerasTensor &input, const std::vector<KerasTensor> &outputs, const Options &options = {});
  Model(const std::vector<KerasTensor> &inputs, const std::vector<KerasTensor> &outputs, const Options &options = {});
  explicit Model(std::shared_ptr<Network> network);

  const std::string &name() const;
  std::vector<KerasTensor> inputs() const;
  std::vector<KerasTensor> outputs() const;
  /// In Keras's order.
  std::vector<std::shared_ptr<LayerBase>> layers() const;
  /// Errors: no layer of that name.
  std::shared_ptr<LayerBase> get_layer(const std::string &name) const;
  /// The model as a layer of another.
  std::shared_ptr<LayerBase> layer() const;
  KerasTensor operator()(const KerasTensor &x) const;
  KerasTensor operator()(const std::vector<KerasTensor> &x) const;

  std::vector<Variable> weights() const;
  std::vector<Variable> trainable_weights() const;
  /// Each weight with its path in a file.
  std::vector<std::pair<std::string, Variable>> weight_paths() const;
  std::int64_t count_params() const;
  void set_trainable(bool trainable) const;

  /// Keras's table of layers, on standard output unless told otherwise.
  void summary() const;
  void summary(std::ostream &stream) const;
  Config get_config() const;

  /// Sets what fit and evaluate use. Errors: another number of losses than outputs.
  void compile(const CompileArguments &arguments) const;
  /// Errors: arrays that do not fit the model, or each other; a model that was not compiled.
  History fit(const std::vector<Tensor> &x, const std::vector<Tensor> &y, const FitArguments &arguments = {}) const;
  History fit(const Tensor &x, const Tensor &y, const FitArguments &arguments = {}) const {
    return fit(std::vector{x}, std::vector{y}, arguments);
  }
  Scores evaluate(const std::vector<Tensor> &x, const std::vector<Tensor> &y,
                  const EvaluateArguments &arguments = {}) const;
  Scores evaluate(const Tensor &x, const Tensor &y, const EvaluateArguments &arguments = {}) const {
    return evaluate(std::vector{x}, std::vector{y}, arguments);
  }
  /// One step on one batch.
  Scores train_on_batch(const std::vector<Tensor> &x, const std::vector<Tensor> &y,
                        const TrainArguments &arguments = {}) const;
  Scores train_on_batch(const Tensor &x, const Tensor &y, const TrainArguments &arguments = {}) const {
    return train_on_batch(std::vector{x}, std::vector{y}, arguments);
  }
  Tensor predict(const Tensor &x, const PredictArguments &arguments = {}) const;
  std::vector<Tensor> predict(const std::vector<Tensor> &x, const PredictArguments &arguments = {}) const;
  /// One call on all of x.
  std::vector<Tensor> run(const std::vector<Tensor> &x, const RunArguments &arguments = {}) const;
  /// Derivatives of Σ⟨output, cotangent⟩ plus the regularization losses.
  Gradients gradients(const std::vector<Tensor> &x, const std::vector<Tensor> &cotangents,
                      const RunArguments &arguments = {}) const;
  /// Sets the states of stateful layers to zero.
  void reset_states() const;

  const Optimizer *optimizer() const;
  /// How often this model's functions were compiled: once a kind of call, whatever the batch size.
  std::int64_t compilations() const;

  /// Writes a .keras file that Keras loads too. Errors: a file that cannot be written; a layer that is not registered.
  void save(const std::string &path) const;

  std::shared_ptr<Network> network() const;
  /// Takes what a file says of compile; settings that are not known leave the model uncompiled.
  void restore_compiled(const Config &config, const std::function<void(CompileArguments &)> &load) const;
  struct State;

private:
  std::shared_ptr<State> state_;
};

/// A layer, input or model as an element of a Sequential model.
class SequentialItem {
public:
  template <typename D>
    requires std::derived_from<D, LayerBase>
  SequentialItem(D layer) : layer_(layer.shared()) {}
  SequentialItem(std::shared_ptr<LayerBase> layer) : layer_(std::move(layer)) {}
  SequentialItem(const Model &model) : layer_(model.layer()) {}
  SequentialItem(const KerasTensor &input);
  const std::shared_ptr<LayerBase> &layer() const { return layer_; }

private:
  std::shared_ptr<LayerBase> layer_;
};

/// Layers one after the other: `Sequential({Input({4}), Dense(8), Dense(2)})`.
class Sequential : public Model {
public:
  Sequential() : Sequential(std::vector<SequentialItem>(), Options()) {}
  Sequential(std::initializer_list<SequentialItem> layers)
      : Sequential(std::vector<SequentialItem>(layers), Options()) {}
  explicit Sequential(const std::vector<SequentialItem> &layers) : Sequential(layers, Options()) {}
  Sequential(const std::vector<SequentialItem> &layers, const Options &options);
  void add(const SequentialItem &layer) const;
};

/// Reads a .keras file: layers, weights, and what it was compiled with.
/// Errors: a damaged file; layers that are not supported, all named at once; weights that do not fit.
Model load_model(const std::string &path);

struct ObjectOptions {
  std::string name = "model";
  std::int64_t batch = 0; ///< 0: an argument of the compiled function
  std::string target = {};
  std::string cpu = {};
  bool threads = false;
  bool external_weights = false; ///< the compiled function takes a pointer to them
  std::vector<std::string> emit = {};
};

struct ObjectResult {
  std::string object;  ///< the file's bytes
  std::string header;  ///< text of its C header
  std::string weights; ///< external weights, packed for the object's kernels
  std::string text;    ///< what `emit` asked for
};

/// Compiles the model ahead of time into an object file without runtime.
ObjectResult compile_object(const Model &model, const ObjectOptions &options = {});
/// Where an object's external weights go: model.o → model.weights.
std::string weights_path(const std::string &object_path);
/// The same, written to the two files; external weights to weights_path(object_path).
void compile_object(const Model &model, const std::string &object_path, const std::string &header_path,
                    const ObjectOptions &options = {});

} // namespace lamina

#endif
