#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class ExecutionEngine;
} // namespace mlir

namespace lamina::testing {

/// An array of any element type, held as doubles.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// A module's function @main, compiled without any optimization that could blur what the lamina ops say: plain loops.
class Program {
public:
  /// Throws std::runtime_error with the diagnostics where the text does not compile.
  explicit Program(const std::string &module);
  ~Program();

  std::vector<Array> run(const std::vector<Array> &arguments) const;

private:
  struct TensorType {
    std::string element;
    std::size_t rank;
  };

  std::unique_ptr<mlir::ExecutionEngine> engine;
  std::vector<TensorType> arguments, results;
};

} // namespace lamina::testing
