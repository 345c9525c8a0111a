// Compiles traced functions: splits them into kernels, compiles those in parallel, links the code into this process.

#include "compiler/Compiler.h"

#include "compiler/Build.h"
#include "compiler/target/Jit.h"
#include "compiler/target/ObjectCache.h"
#include "compiler/trace/Graph.h"
#include "lamina/error.h"
#include "runtime/native_executable.h"

#include "llvm/Support/FileSystem.h"

#include <atomic>
#include <dlfcn.h>

namespace lamina::compiler {

namespace {

/// Names this build of the compiler: code of another build is not this one's.
const std::string &buildKey() {
  static const std::string key = [] {
    Dl_info info{};
    llvm::sys::fs::file_status status;
    if (!dladdr(reinterpret_cast<const void *>(&compile), &info) || llvm::sys::fs::status(info.dli_fname, status))
      return std::string();
    return std::to_string(status.getSize()) + "@" + std::to_string(status.getLastModificationTime().time_since_epoch().count());
  }();
  return key;
}

std::atomic<int64_t> kernels{0};

runtime::ArgumentKind kindOf(trace::Kind kind) {
  switch (kind) {
  case trace::Kind::Input:
    return runtime::ArgumentKind::Input;
  case trace::Kind::Weight:
    return runtime::ArgumentKind::Weight;
  case trace::Kind::State:
    return runtime::ArgumentKind::State;
  case trace::Kind::Seed:
    return runtime::ArgumentKind::Seed;
  }
  return runtime::ArgumentKind::Input;
}

runtime::Signature signatureOf(const trace::Graph &graph) {
  runtime::Signature signature;
  for (const trace::Argument &argument : graph.arguments())
    signature.arguments.push_back({argument.name, argument.shape, argument.dtype, kindOf(argument.kind)});
  for (const trace::Result &result : graph.results())
    signature.results.push_back({result.name, result.shape, result.dtype, result.updates});
  return signature;
}

} // namespace

int64_t compiled_kernels() { return kernels; }

std::unique_ptr<runtime::Executable> compile(trace::Graph &&graph, const CompileOptions &options) {
  const target::Machine &machine = target::hostMachine();
  target::ObjectCache cache(options.cache, buildKey());
  std::string text = graph.str();
  std::string key = target::ObjectCache::hash(buildKey() + machine.key() + text);

  Program program;
  std::optional<std::string> known = cache.find(key);
  if (!known || !Program::parse(*known, program)) {
    BuildReport report;
    program = build(text, machine, cache, report);
    if (!report.error.empty())
      throw Error(report.error);
    kernels += report.kernels;
    cache.insert(key, program.str());
  }
  llvm::Expected<std::unique_ptr<target::Jit>> jit = target::link(program.objects);
  if (!jit)
    throw Error("the compiled code cannot be linked: " + llvm::toString(jit.takeError()));
  std::shared_ptr<target::Jit> code = std::move(*jit);

  runtime::NativeCode native;
  native.signature = signatureOf(graph);
  native.entry = reinterpret_cast<lamina_entry>(code->find("main"));
  native.workspace = program.hasWorkspace ? reinterpret_cast<lamina_entry_workspace>(code->find("main_workspace")) : nullptr;
  native.shapes = program.hasShapes ? reinterpret_cast<lamina_entry_shapes>(code->find("main_shapes")) : nullptr;
  native.prepare = program.preparedBytes.empty() ? nullptr : reinterpret_cast<lamina_prepare>(code->find("prepare"));
  native.prepared_bytes = program.preparedBytes;
  native.messages = program.messages;
  native.code = code;
  if (!native.entry)
    throw Error("the compiled code cannot be linked");
  return std::make_unique<runtime::NativeExecutable>(std::move(native));
}

} // namespace lamina::compiler
