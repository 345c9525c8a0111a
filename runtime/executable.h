#ifndef LAMINA_RUNTIME_EXECUTABLE_H
#define LAMINA_RUNTIME_EXECUTABLE_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <lamina/profile.h>
#include <lamina/tensor.h>

namespace lamina::runtime {

/// What an argument is to the code: an input changes with every call, a weight may be packed once and kept, a state is
/// read and written, a seed is a rank 0 int64.
enum class ArgumentKind { Input, Weight, State, Seed };

struct Argument {
  std::string name;
  Shape shape; ///< `none` where the code takes any size
  DType dtype = DType::Float32;
  ArgumentKind kind = ArgumentKind::Input;
};

struct Result {
  static constexpr int no_argument = -1;

  std::string name;
  Shape shape;
  DType dtype = DType::Float32;
  int updates = no_argument; ///< the argument into which it is written, in place
};

struct Signature {
  std::vector<Argument> arguments;
  std::vector<Result> results;
};

/// Checks number, dtypes and shapes; the open first dimensions of all inputs must be equal. Errors name the argument,
/// the shape found and the shape expected.
void check_arguments(const Signature &signature, std::span<const Tensor> arguments);

struct RunOptions {
  int threads = 0;            ///< 0: one a CPU that the process may use
  Profile *profile = nullptr; ///< filled by code that is compiled for profiles
};

/// Compiled code that takes tensors. Calls may come from several threads at once, unless they write the same tensors.
class Executable {
public:
  virtual ~Executable() = default;

  virtual const Signature &signature() const = 0;

  /// Runs once. results takes those results that update no argument, in order: a tensor of the right shape and dtype is
  /// written into, any other is replaced by a new one. Errors: arguments that do not fit, a status that the code
  /// returns.
  virtual void run(std::span<const Tensor> arguments, std::span<Tensor> results, const RunOptions &options = {}) = 0;

  /// The elements of weight arguments have changed since the last call: packed copies are made anew.
  virtual void weights_changed() {}

  /// Runs once and returns the results that update no argument.
  std::vector<Tensor> operator()(std::span<const Tensor> arguments, const RunOptions &options = {});
};

} // namespace lamina::runtime

#endif
