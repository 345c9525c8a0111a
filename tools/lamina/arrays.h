#ifndef LAMINA_TOOLS_ARRAYS_H
#define LAMINA_TOOLS_ARRAYS_H

#include <span>
#include <string>
#include <vector>

#include "runtime/npy.h"

namespace lamina::tools {

/// An array that a command expects in a file.
struct ArraySpec {
  std::string what;               ///< "input 'entry'", for messages
  std::vector<std::string> names; ///< any of these, the first one there
  Shape shape;                    ///< `none` fits every size
  DType dtype;                    ///< what numbers are converted to
};

/// The array, converted. Errors name the file, the array, and the shapes found and expected.
Tensor read_array(const runtime::NpzReader &file, const ArraySpec &spec);

/// All arrays; those whose first dimension is open must agree in it.
std::vector<Tensor> read_arrays(const runtime::NpzReader &file, std::span<const ArraySpec> specs);

/// The arrays `prefix` alone or `prefix_0`, `prefix_1` …, as they are. Errors: there is neither.
std::vector<Tensor> read_numbered(const runtime::NpzReader &file, const std::string &prefix);

/// float64 becomes float32; all else stays.
Tensor single_precision(const Tensor &tensor);

} // namespace lamina::tools

#endif
