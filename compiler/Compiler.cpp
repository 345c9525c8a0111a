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
    return std::to_string(status.getSize()) + "@" +
           std::to_string(status.getLastModificationTime().time_since_epoch().count());
  }();
  return key;
}

std::atomic<int64_t> kernels{0};

runtime::ArgumentKind kindOf(trace::Kind kind) {
  switch (kind) {
  case trace::Kind::Input: return runtime::ArgumentKind::Input;
  case trace::Kind::Weight: return runtime::ArgumentKind::Weight;
  case trace::Kind::State: return runtime::ArgumentKind::State;
  case trace::Kind::Seed: return runtime::ArgumentKind::Seed;
  }
  return runtime::ArgumentKind::Input;
}

/// The value of a weight or state.
const Tensor &valueOf(const trace::Argument &argument) {
  return argument.tensor.defined() ? argument.tensor : argument.variable.value();
}

runtime::Signature signatureOf(const trace::Graph &graph) {
  runtime::Signature signature;
  for (const trace::Argument &argument : graph.arguments())
    signature.arguments.push_back({argument.name, argument.shape, argument.dtype, kindOf(argument.kind)});
  for (const trace::Result &result : graph.results())
    signature.results.push_back({result.name, result.shape, result.dtype, result.updates});
  return signature;
}

/// Runs @prepare of the program on the values of the weights.
std::vector<Tensor> prepare(const Program &program, const trace::Graph &graph) {
  std::vector<Tensor> prepared;
  if (program.preparedBytes.empty())
    return prepared;
  llvm::Expected<std::unique_ptr<target::Jit>> jit = target::link(program.objects);
  if (!jit)
    throw Error("the compiled code cannot be linked: " + llvm::toString(jit.takeError()));
  std::vector<void *> buffers, outputs;
  for (const trace::Argument &argument : graph.arguments())
    buffers.push_back(argument.kind == trace::Kind::Weight ? const_cast<void *>(valueOf(argument).raw()) : nullptr);
  for (uint64_t bytes : program.preparedBytes) {
    prepared.emplace_back(Shape{static_cast<int64_t>(bytes)}, DType::UInt8, Tensor::Fill::None);
    outputs.push_back(prepared.back().raw());
  }
  auto function = reinterpret_cast<lamina_prepare>((*jit)->find("prepare"));
  if (!function || function(buffers.data(), outputs.data(), nullptr))
    throw Error("the weights cannot be prepared");
  return prepared;
}

llvm::StringRef bytesOf(const Tensor &tensor) {
  return {static_cast<const char *>(tensor.raw()), static_cast<size_t>(tensor.nbytes())};
}

} // namespace

ObjectFile compile_object(trace::Graph &&graph, const ObjectOptions &options) {
  llvm::Expected<target::Machine> machine = target::findMachine(options.target, options.cpu);
  if (!machine)
    throw Error(llvm::toString(machine.takeError()));
  std::string text = graph.str();

  // What depends on weights alone is computed here and now, in the layout that the target's kernels read.
  target::Machine here = target::hostMachine();
  here.vectorBytes = machine->vectorBytes;
  BuildReport report;
  Program program = build(text, here, target::ObjectCache("none"), report);
  if (!report.error.empty())
    throw Error(report.error);
  std::vector<Tensor> prepared = prepare(program, graph);

  using Source = target::LibraryArgument::Source;
  target::LibraryInterface interface;
  interface.name = options.name;
  interface.threads = options.threads;
  interface.externalWeights = options.externalWeights;
  interface.messages.assign(program.messages.begin(), program.messages.end());
  std::optional<unsigned> batch;
  for (auto [argument, isRead] : llvm::zip_first(graph.arguments(), report.isRead)) {
    target::LibraryArgument entry;
    if (argument.kind == trace::Kind::State) {
      entry.source = Source::State;
      entry.offset = interface.state.add(bytesOf(valueOf(argument)));
    } else if (argument.kind == trace::Kind::Seed) {
      entry.source = Source::Seed;
    } else if (argument.kind == trace::Kind::Weight && isRead) {
      entry.source = Source::Weights;
      entry.offset = interface.weights.add(bytesOf(valueOf(argument)));
    } else if (argument.kind == trace::Kind::Weight) {
      entry.source = Source::Unread;
    }
    for (std::size_t axis = 0; axis < argument.shape.rank(); ++axis) {
      if (argument.shape[static_cast<int64_t>(axis)] != none)
        continue;
      // Inputs share their batch.
      if (axis == 0 && batch) {
        entry.dims.push_back(*batch);
        continue;
      }
      if (axis == 0)
        batch = interface.dims;
      entry.dims.push_back(interface.dims++);
    }
    interface.arguments.push_back(std::move(entry));
  }
  for (const trace::Result &result : graph.results())
    interface.results += result.updates < 0;
  for (const Tensor &tensor : prepared)
    interface.prepared.push_back(interface.weights.add(bytesOf(tensor)));
  Library library = buildLibrary(text, *machine, interface, options.emit, report);
  if (!report.error.empty())
    throw Error(report.error);
  return {std::move(library.object), options.externalWeights ? interface.weights.bytes() : "", std::move(library.text)};
}

int64_t compiled_kernels() { return kernels; }

std::unique_ptr<runtime::Executable> load(const Program &program, runtime::Signature signature) {
  llvm::Expected<std::unique_ptr<target::Jit>> jit = target::link(program.objects);
  if (!jit)
    throw Error("the compiled code cannot be linked: " + llvm::toString(jit.takeError()));
  std::shared_ptr<target::Jit> code = std::move(*jit);

  runtime::NativeCode native;
  native.signature = std::move(signature);
  native.entry = reinterpret_cast<lamina_entry>(code->find("main"));
  native.workspace =
      program.hasWorkspace ? reinterpret_cast<lamina_entry_workspace>(code->find("main_workspace")) : nullptr;
  native.shapes = program.hasShapes ? reinterpret_cast<lamina_entry_shapes>(code->find("main_shapes")) : nullptr;
  native.check = program.hasChecks ? reinterpret_cast<lamina_entry_check>(code->find("main_check")) : nullptr;
  native.prepare = program.preparedBytes.empty() ? nullptr : reinterpret_cast<lamina_prepare>(code->find("prepare"));
  native.prepared_bytes.assign(program.preparedBytes.begin(), program.preparedBytes.end());
  native.messages = program.messages;
  for (const Site &site : program.sites)
    native.sites.push_back({.kernel = site.kernel, .layers = site.layers, .gradient = site.gradient});
  native.code = code;
  if (!native.entry)
    throw Error("the compiled code cannot be linked");
  return std::make_unique<runtime::NativeExecutable>(std::move(native));
}

std::unique_ptr<runtime::Executable> compile(trace::Graph &&graph, const CompileOptions &options) {
  const target::Machine &machine = target::hostMachine();
  target::ObjectCache cache(options.cache, buildKey());
  std::string text = graph.str();
  std::string key = target::ObjectCache::hash(buildKey() + machine.key() + (options.profile ? "profile" : "") + text);

  Program program;
  std::optional<std::string> known = cache.find(key);
  if (!known || !Program::parse(*known, program)) {
    BuildReport report;
    program = build(text, machine, cache, report, options.profile);
    if (!report.error.empty())
      throw Error(report.error);
    kernels += report.kernels;
    cache.insert(key, program.str());
  }
  return load(program, signatureOf(graph));
}

} // namespace lamina::compiler
