#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lamina::runtime {
class Executable;
}

namespace lamina::trace {
class Graph;
}

namespace lamina::compiler {

struct CompileOptions {
  /// Folder of the object cache; empty: the user's cache folder; "none": no cache.
  std::string cache = {};
  /// Time each kernel: calls can fill a Profile.
  bool profile = false;
};

/// Compiles the traced function. The result serves every size of the function's open dimensions.
std::unique_ptr<runtime::Executable> compile(trace::Graph &&graph, const CompileOptions &options = {});

/// How many kernels this process has compiled (not found in memory or on disk), for tests and reports.
int64_t compiled_kernels();

struct ObjectOptions {
  std::string name = "model";    ///< prefix of the exported functions
  std::string target;            ///< LLVM triple; empty: this machine
  std::string cpu;               ///< LLVM's CPU name; empty: this machine's, or the triple's baseline
  bool threads = false;          ///< call lamina_parallel_for instead of running serially
  bool externalWeights = false;  ///< keep weights out of the object
  std::vector<std::string> emit; ///< stages to print: lamina, linalg, scheduled, vector, llvm, asm
};

struct ObjectFile {
  std::string object;  ///< bytes of the object file
  std::string weights; ///< external weights
  std::string text;    ///< what `emit` asked for
};

/// Compiles ahead of time. The values of `weight` and `state` arguments must be known to the graph: weights are stored
/// in .rodata or returned, packed; states begin with them.
ObjectFile compile_object(trace::Graph &&graph, const ObjectOptions &options);

} // namespace lamina::compiler
