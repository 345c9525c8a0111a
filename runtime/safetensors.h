#ifndef LAMINA_RUNTIME_SAFETENSORS_H
#define LAMINA_RUNTIME_SAFETENSORS_H

#include <string>

#include "runtime/npy.h"

namespace lamina::runtime {

/// All arrays of a .safetensors file, in the order of their data. Errors: a header that is no such, dtypes that Tensor
/// has not, offsets that do not fit the file or the shapes.
NamedTensors read_safetensors(const std::string &path);
void write_safetensors(const std::string &path, const NamedTensors &arrays);

} // namespace lamina::runtime

#endif
