#ifndef LAMINA_RUNTIME_NPY_H
#define LAMINA_RUNTIME_NPY_H

#include <string>
#include <utility>
#include <vector>

#include <lamina/tensor.h>

#include "runtime/zip.h"

namespace lamina::runtime {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// NumPy's array file: versions 1 to 3, either byte order, either memory order. The dtype is kept, except that uint16
/// becomes int32. Errors: anything but numbers and booleans; a shape that the bytes do not fill. `where` begins
/// messages.
Tensor parse_npy(const Tensor &bytes, const std::string &where);
Tensor read_npy(const std::string &path);

/// The file's bytes before the elements.
std::string npy_header(const Tensor &tensor);
void write_npy(const std::string &path, const Tensor &tensor);

/// An .npz file; arrays are read when asked for.
class NpzReader {
public:
  explicit NpzReader(const std::string &path);

  const std::string &path() const { return zip_.path(); }
  /// Without ".npy".
  const std::vector<std::string> &names() const { return names_; }
  bool contains(std::string_view name) const;
  Tensor read(std::string_view name) const;

private:
  ZipReader zip_;
  std::vector<std::string> names_;
};

/// All arrays, in the order of the file.
NamedTensors read_npz(const std::string &path);
void write_npz(const std::string &path, const NamedTensors &arrays);

} // namespace lamina::runtime

#endif
