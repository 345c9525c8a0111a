#include "tools/lamina/arrays.h"

#include <algorithm>

namespace lamina::tools {

using runtime::in_quotes;
using runtime::NpzReader;

namespace {

constexpr std::size_t most_named = 8;

std::string names_in(const NpzReader &file) {
  const std::vector<std::string> &names = file.names();
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_named); ++i)
    text += (i ? ", " : "") + in_quotes(names[i]);
  if (names.size() > most_named)
    text += ", ...";
  return names.empty() ? "nothing" : text;
}

bool fits(const Shape &shape, const Shape &expected) {
  return std::equal(shape.begin(), shape.end(), expected.begin(), expected.end(),
                    [](std::int64_t found, std::int64_t wanted) { return wanted == none || found == wanted; });
}

} // namespace

Tensor read_array(const NpzReader &file, const ArraySpec &spec) {
  auto name =
      std::find_if(spec.names.begin(), spec.names.end(), [&](const std::string &each) { return file.contains(each); });
  if (name == spec.names.end()) {
    std::string wanted;
    for (const std::string &each : spec.names)
      wanted += (wanted.empty() ? "" : " or ") + in_quotes(each);
    throw Error(in_quotes(file.path()) + " holds no array for " + spec.what + " of shape " + spec.shape.str() +
                ": name it " + wanted + "; it holds " + names_in(file));
  }
  Tensor array = file.read(*name);
  if (!fits(array.shape(), spec.shape))
    throw Error(in_quotes(file.path()) + ": array " + in_quotes(*name) + " has shape " + array.shape().str() +
                ", but " + spec.what + " takes " + spec.shape.str());
  return array.astype(spec.dtype);
}

std::vector<Tensor> read_arrays(const NpzReader &file, std::span<const ArraySpec> specs) {
  std::vector<Tensor> arrays;
  const ArraySpec *first = nullptr;
  std::int64_t batch = none;
  for (const ArraySpec &spec : specs) {
    arrays.push_back(read_array(file, spec));
    if (spec.shape.empty() || spec.shape.front() != none)
      continue;
    std::int64_t rows = arrays.back().shape().front();
    if (first && rows != batch)
      throw Error(in_quotes(file.path()) + ": the batches differ: " + first->what + " has " + std::to_string(batch) +
                  " rows, " + spec.what + " has " + std::to_string(rows));
    first = &spec;
    batch = rows;
  }
  return arrays;
}

std::vector<Tensor> read_numbered(const NpzReader &file, const std::string &prefix) {
  if (file.contains(prefix))
    return {file.read(prefix)};
  std::vector<Tensor> arrays;
  while (file.contains(prefix + "_" + std::to_string(arrays.size())))
    arrays.push_back(file.read(prefix + "_" + std::to_string(arrays.size())));
  if (arrays.empty())
    throw Error(in_quotes(file.path()) + " holds neither " + in_quotes(prefix) + " nor " + in_quotes(prefix + "_0") +
                "; it holds " + names_in(file));
  return arrays;
}

Tensor single_precision(const Tensor &tensor) {
  return tensor.dtype() == DType::Float64 ? tensor.astype(DType::Float32) : tensor;
}

} // namespace lamina::tools
