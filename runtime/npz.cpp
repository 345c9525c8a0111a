#include <lamina/npz.h>

#include "runtime/npy.h"

namespace lamina {

std::map<std::string, Tensor> load_npz(const std::string &path) {
  std::map<std::string, Tensor> arrays;
  for (auto &[name, array] : runtime::read_npz(path))
    arrays.emplace(name, array);
  return arrays;
}

void save_npz(const std::string &path, const std::map<std::string, Tensor> &arrays) {
  runtime::write_npz(path, {arrays.begin(), arrays.end()});
}

} // namespace lamina
