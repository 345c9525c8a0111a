#include "tools/lamina/model_arrays.h"

#include <lamina/layer.h>

namespace lamina::tools {

using runtime::in_quotes;
using runtime::NpzReader;

namespace {

std::vector<ArraySpec> input_specs(const Model &model, const std::string &prefix) {
  std::vector<ArraySpec> specs;
  for (const KerasTensor &input : model.inputs()) {
    const std::string &name = input.layer().name();
    std::vector<std::string> names = {prefix + "_" + std::to_string(specs.size())};
    if (prefix == "input")
      names.insert(names.begin(), name);
    else if (model.inputs().size() == 1)
      names.insert(names.begin(), prefix);
    specs.push_back({"input " + in_quotes(name), names, input.shape(), input.dtype()});
  }
  return specs;
}

void check_rows(const NpzReader &file, const std::string &first, std::int64_t rows, const std::string &name,
                const Tensor &array) {
  if (array.rank() == 0 || array.shape().front() != rows)
    throw Error(in_quotes(file.path()) + ": " + first + " has " + std::to_string(rows) + " rows, but " + name +
                " has shape " + array.shape().str());
}

} // namespace

std::vector<Tensor> read_inputs(const NpzReader &file, const Model &model) {
  return read_arrays(file, input_specs(model, "input"));
}

std::vector<Tensor> read_cotangents(const NpzReader &file, const Model &model) {
  std::vector<ArraySpec> specs;
  for (const KerasTensor &output : model.outputs()) {
    std::string number = std::to_string(specs.size());
    specs.push_back({"output " + number + " (layer " + in_quotes(output.layer().name()) + ")",
                     {"cotangent_" + number},
                     output.shape(),
                     output.dtype()});
  }
  return read_arrays(file, specs);
}

TrainingData read_training_data(const NpzReader &file, const Model &model) {
  TrainingData data;
  data.x = read_arrays(file, input_specs(model, "x"));
  for (const Tensor &array : read_numbered(file, "y"))
    data.y.push_back(single_precision(array));
  if (data.y.size() != model.outputs().size())
    throw Error(in_quotes(file.path()) + " holds " + std::to_string(data.y.size()) +
                " arrays of targets; the model has " + std::to_string(model.outputs().size()) + " outputs");
  if (data.x.empty() || data.x.front().rank() == 0)
    throw Error("a model without inputs, or with a scalar one, cannot be trained");
  std::int64_t rows = data.x.front().shape().front();
  for (std::size_t i = 0; i < data.y.size(); ++i)
    check_rows(file, "x", rows, data.y.size() == 1 ? "y" : "y_" + std::to_string(i), data.y[i]);
  if (file.contains("sample_weight")) {
    data.sample_weight = file.read("sample_weight").astype(DType::Float32);
    check_rows(file, "x", rows, "sample_weight", data.sample_weight);
  }
  return data;
}

} // namespace lamina::tools
