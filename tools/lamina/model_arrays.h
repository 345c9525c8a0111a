#ifndef LAMINA_TOOLS_MODEL_ARRAYS_H
#define LAMINA_TOOLS_MODEL_ARRAYS_H

#include <vector>

#include <lamina/model.h>

#include "tools/lamina/arrays.h"

namespace lamina::tools {

/// The model's inputs, found by name or as `input_0` …
std::vector<Tensor> read_inputs(const runtime::NpzReader &file, const Model &model);

/// `cotangent_0` … for the model's outputs.
std::vector<Tensor> read_cotangents(const runtime::NpzReader &file, const Model &model);

/// Arrays of a training file.
struct TrainingData {
  std::vector<Tensor> x, y;
  Tensor sample_weight; ///< may be none
};

/// `x` and `y`, or `x_0` … and `y_0` …, and `sample_weight`. Errors: shapes that the model does not take, different
/// numbers of rows.
TrainingData read_training_data(const runtime::NpzReader &file, const Model &model);

} // namespace lamina::tools

#endif
