#ifndef LAMINA_NPZ_H
#define LAMINA_NPZ_H

#include <map>
#include <string>

#include <lamina/tensor.h>

namespace lamina {

/// The arrays of a numpy .npz file by name. Errors: no such file, a broken file, arrays of anything but numbers.
std::map<std::string, Tensor> load_npz(const std::string &path);

/// Writes arrays as numpy.savez does. Errors: a file that cannot be written.
void save_npz(const std::string &path, const std::map<std::string, Tensor> &arrays);

} // namespace lamina

#endif
