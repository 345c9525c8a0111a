#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_ENCODING_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_ENCODING_H

#include <initializer_list>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// Errors: a mode that is not among those of the layer.
inline void check_output_mode(const std::string &mode, std::initializer_list<std::string_view> modes) {
  if (std::ranges::find(modes, mode) != modes.end())
    return;
  std::string names;
  for (std::string_view known : modes)
    names += (names.empty() ? "" : ", ") + std::string(known);
  throw Error("output_mode must be one of " + names + ", got '" + mode + "'");
}

inline void refuse_sparse(bool sparse) {
  if (sparse)
    throw Error("sparse outputs are not supported; use sparse=False");
}

/// The arguments of the layers that take no `trainable` in Keras, and their type by its name.
inline Config without_trainable(Config config, const std::string &dtype) {
  config.erase("trainable");
  config.set("dtype", dtype);
  return config;
}

/// Categories as numbers, as Keras's output modes write them; a category outside [0, depth) gives zeros.
///
///     int        the indices themselves
///     one_hot    1 at the index, along a new last axis; a last axis of size 1 becomes it
///     multi_hot  the maximum of one_hot over axis 1
///     count      the sum of one_hot · weights over axis 1
inline Value encode_categories(const Value &indices, const std::string &mode, std::int64_t depth, DType dtype,
                               const Value &weights = {}) {
  if (mode == "int")
    return cast(indices, dtype);
  Value categories =
      is_floating(indices.dtype()) || indices.dtype() == DType::Bool ? Value(cast(indices, DType::Int32)) : indices;
  if (mode == "one_hot") {
    bool unit = categories.rank() > 1 && categories.shape().back() == 1;
    return one_hot(unit ? Value(squeeze(categories, -1)) : categories, depth, dtype);
  }
  std::int64_t axis = categories.rank() > 1 ? 1 : 0;
  Value encoded = one_hot(categories, depth, weights ? weights.dtype() : dtype);
  if (mode == "multi_hot")
    return max(encoded, axis);
  return sum(weights ? Value(encoded * expand_dims(weights, -1)) : encoded, axis);
}

} // namespace lamina::layers

#endif
