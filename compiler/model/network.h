#pragma once

#include "compiler/model/layer_support.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lamina {

/// A graph of layers as a layer: what Sequential and Functional models are.
class Network : public LayerBase {
public:
  enum class Form { Sequential, Functional };

  /// Functional. Structures are as Keras writes input_layers and output_layers, with {"__tensor__": i} for each tensor.
  Network(const std::string &name, std::vector<KerasTensor> inputs, std::vector<KerasTensor> outputs,
          Config input_structure, Config output_structure);
  /// Sequential. The graph comes with the first input shape: from an InputLayer at the front, or the first call.
  Network(const std::string &name, std::vector<std::shared_ptr<LayerBase>> layers);

  Form form() const { return form_; }
  bool has_graph() const { return !outputs_.empty(); }
  const std::vector<KerasTensor> &inputs() const { return inputs_; }
  const std::vector<KerasTensor> &outputs() const { return outputs_; }
  /// In Keras's order, operations on tensors among them.
  const std::vector<std::shared_ptr<LayerBase>> &layers() const { return layers_; }
  /// Calls in an order that can be run.
  const std::vector<std::shared_ptr<Node>> &nodes() const { return nodes_; }

  void add(std::shared_ptr<LayerBase> layer);
  /// Gives a Sequential model its input.
  void build_sequential(const Shape &batch_shape, DType dtype);

  std::string class_name() const override { return form_ == Form::Sequential ? "Sequential" : "Functional"; }
  std::string package() const override { return "keras"; }
  Config serialized_config() const override;
  Values invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs) override;
  std::shared_ptr<LayerBase> shared() override { return shared_from_this(); }

protected:
  void do_build(const std::vector<Shape> &shapes) override;
  Values do_call(const Values &inputs, CallContext &context) override;
  void do_load(const Config &) override {}
  const std::type_info &type() const override { return typeid(Network); }
  LayerBase &self() override { return *this; }

private:
  void map_graph();
  void adopt_layers();

  Form form_;
  std::vector<KerasTensor> inputs_, outputs_;
  Config input_structure_, output_structure_;
  std::vector<std::shared_ptr<LayerBase>> layers_;
  std::vector<std::shared_ptr<Node>> nodes_;
};

/// A model's input as a layer.
class InputLayer : public LayerBase {
public:
  InputLayer() = default;
  InputLayer(const Shape &batch_shape, DType dtype, const std::string &name);

  const Shape &batch_shape() const { return batch_shape_; }
  DType input_dtype() const { return input_dtype_; }
  /// The edge that it gives.
  KerasTensor output();

  std::string class_name() const override { return "InputLayer"; }
  std::string package() const override { return "keras"; }
  Config serialized_config() const override;
  std::shared_ptr<LayerBase> shared() override { return shared_from_this(); }

protected:
  void do_build(const std::vector<Shape> &) override {}
  Values do_call(const Values &inputs, CallContext &) override { return inputs; }
  void do_load(const Config &config) override;
  const std::type_info &type() const override { return typeid(InputLayer); }
  LayerBase &self() override { return *this; }

private:
  Shape batch_shape_;
  DType input_dtype_ = DType::Float32;
  Config config_;
  std::weak_ptr<Node> node_;
};

/// An operation of keras.ops between layers.
class Operation : public LayerBase {
public:
  /// Errors: an operation that is not known.
  Operation(const std::string &class_name, const Config &config);
  /// The file's spelling of the operation.
  Operation(const std::string &module, const std::string &class_name, const Config &config);
  static bool known(const std::string &class_name);

  const std::string &module() const { return module_; }
  std::string class_name() const override { return class_name_; }
  std::string package() const override { return "keras"; }
  Config serialized_config() const override { return config_; }
  Values invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs) override;
  std::shared_ptr<LayerBase> shared() override { return shared_from_this(); }

protected:
  void do_build(const std::vector<Shape> &) override {}
  Values do_call(const Values &inputs, CallContext &) override { return inputs; }
  void do_load(const Config &) override {}
  const std::type_info &type() const override { return typeid(Operation); }
  LayerBase &self() override { return *this; }

private:
  std::string module_, class_name_;
  Config config_;
};

std::shared_ptr<Network> functional_from_config(const Config &config);
std::shared_ptr<Network> sequential_from_config(const Config &config);

/// A name that no earlier call with these counts gave: base, base_1, …
std::string numbered_name(const std::string &base, std::map<std::string, int> &counts);
/// Each weight with its path in model.weights.h5.
std::vector<std::pair<std::string, Variable>> weight_paths(const LayerBase &model);
/// The layer that owns each of weight_paths, for messages.
struct WeightPlace {
  std::string path;
  Variable variable;
  std::string layer;
};
std::vector<WeightPlace> weight_places(const LayerBase &model);

} // namespace lamina
