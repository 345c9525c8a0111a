#include "runtime/executable.h"

#include <algorithm>

namespace lamina::runtime {

namespace {

bool fits(const Shape &shape, const Shape &expected) {
  return std::equal(shape.begin(), shape.end(), expected.begin(), expected.end(),
                    [](std::int64_t found, std::int64_t wanted) { return wanted == none || found == wanted; });
}

std::string describe(const Argument &argument) {
  switch (argument.kind) {
  case ArgumentKind::Input: return "input '" + argument.name + "'";
  case ArgumentKind::Weight: return "weight '" + argument.name + "'";
  case ArgumentKind::State: return "state '" + argument.name + "'";
  default: return "the seed";
  }
}

} // namespace

void check_arguments(const Signature &signature, std::span<const Tensor> arguments) {
  if (arguments.size() != signature.arguments.size())
    throw Error("expected " + std::to_string(signature.arguments.size()) + " arguments, found " +
                std::to_string(arguments.size()));
  const Argument *batched = nullptr;
  std::int64_t batch = none;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Argument &expected = signature.arguments[i];
    const Tensor &found = arguments[i];
    if (!found.defined())
      throw Error(describe(expected) + " is missing");
    if (found.dtype() != expected.dtype)
      throw Error(describe(expected) + " is " + std::string(dtype_name(found.dtype())) + ", expected " +
                  std::string(dtype_name(expected.dtype)));
    if (!fits(found.shape(), expected.shape))
      throw Error(describe(expected) + " has shape " + found.shape().str() + ", expected " + expected.shape.str());
    if (expected.kind != ArgumentKind::Input || expected.shape.empty() || expected.shape.front() != none)
      continue;
    if (batched && found.shape().front() != batch)
      throw Error("the batches differ: " + describe(*batched) + " has " + std::to_string(batch) + " rows, " +
                  describe(expected) + " has " + std::to_string(found.shape().front()));
    batched = &expected;
    batch = found.shape().front();
  }
}

std::vector<Tensor> Executable::operator()(std::span<const Tensor> arguments, const RunOptions &options) {
  const std::vector<Result> &all = signature().results;
  std::vector<Tensor> results(static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Result &result) { return result.updates == Result::no_argument; })));
  run(arguments, results, options);
  return results;
}

} // namespace lamina::runtime
