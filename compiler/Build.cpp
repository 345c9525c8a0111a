// Runs the pipeline over one traced function and collects the objects.

#include "compiler/Build.h"

#include "compiler/Pipeline.h"
#include "compiler/target/Object.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <mutex>
#include <thread>

namespace lamina::compiler {

using namespace mlir;
using namespace mlir::lamina;
using ::lamina::target::Machine;
using ::lamina::target::ObjectCache;

namespace {

/// A context of its own for each thread: nothing is shared, nothing waits.
class Workshop {
public:
  Workshop() : context(registry(), MLIRContext::Threading::DISABLED), handler(&context, [this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && error.empty())
      error = diagnostic.str();
    return success();
  }) {
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> parse(StringRef text) { return parseSourceString<ModuleOp>(text, &context); }

  template <typename Pipeline> LogicalResult run(ModuleOp module, Pipeline &&pipeline) {
    PassManager manager(&context);
    manager.enableVerifier(false);
    pipeline(manager);
    return manager.run(module);
  }

  std::string error;

private:
  static const DialectRegistry &registry() {
    static const DialectRegistry instance = [] {
      DialectRegistry result;
      registerPipelineDialects(result);
      return result;
    }();
    return instance;
  }

  MLIRContext context;
  ScopedDiagnosticHandler handler;
};

std::string print(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}

/// One kernel of the program: its text, the symbol that callers use, its object.
struct Kernel {
  std::string text, symbol, key, object;
};

std::string compileKernel(Workshop &workshop, Kernel &kernel, const Machine &machine) {
  OwningOpRef<ModuleOp> module = workshop.parse(kernel.text);
  if (!module)
    return workshop.error;
  if (failed(workshop.run(*module, [&](PassManager &manager) { buildVectorPipeline(manager, machine); })))
    return workshop.error;
  module->lookupSymbol<func::FuncOp>("kernel").setSymName(kernel.symbol);
  if (failed(workshop.run(*module, [&](PassManager &manager) { buildLlvmPipeline(manager); })))
    return workshop.error;
  llvm::Expected<std::string> object = target::emitObject(*module, machine);
  if (!object)
    return llvm::toString(object.takeError());
  kernel.object = std::move(*object);
  return "";
}

/// Compiles on all CPUs; the first error wins.
std::string compileKernels(std::vector<Kernel *> kernels, const Machine &machine) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::string error;
  auto work = [&] {
    Workshop workshop;
    while (true) {
      size_t index = next++;
      if (index >= kernels.size())
        return;
      std::string message = compileKernel(workshop, *kernels[index], machine);
      if (message.empty())
        continue;
      std::lock_guard lock(mutex);
      if (error.empty())
        error = message;
      next = kernels.size();
    }
  };
  size_t count = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), kernels.size());
  std::vector<std::thread> threads;
  for (size_t i = 1; i < count; ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
  return error;
}

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * ((tensor.getElementTypeBitWidth() + 7) / 8);
}

} // namespace

Program build(StringRef text, const Machine &machine, const ObjectCache &cache, BuildReport &report) {
  Program program;
  auto failure = [&](std::string message) {
    report.error = message.empty() ? "the compiler failed without a message" : message;
    return Program();
  };
  Workshop workshop;
  OwningOpRef<ModuleOp> module = workshop.parse(text);
  if (!module || failed(workshop.run(*module, [](PassManager &manager) { buildKernelsPipeline(manager); })))
    return failure(workshop.error);
  if (auto prepare = module->lookupSymbol<func::FuncOp>("prepare"))
    for (Type type : prepare.getResultTypes())
      program.preparedBytes.push_back(bytesOf(type));

  std::vector<Kernel> kernels;
  SmallVector<std::pair<std::string, std::string>> renames;
  for (ModuleOp nested : llvm::make_early_inc_range(module->getOps<ModuleOp>())) {
    std::string name = nested.getSymName()->str();
    nested->removeAttr(SymbolTable::getSymbolAttrName());
    Kernel kernel;
    kernel.text = print(nested);
    kernel.key = ObjectCache::hash(machine.key() + kernel.text);
    kernel.symbol = "lamina_" + kernel.key;
    renames.emplace_back("lamina_" + name, kernel.symbol);
    kernels.push_back(std::move(kernel));
    nested.erase();
  }
  std::vector<Kernel *> missing;
  for (Kernel &kernel : kernels) {
    if (std::optional<std::string> object = cache.find(kernel.key))
      kernel.object = std::move(*object);
    else
      missing.push_back(&kernel);
  }
  report.kernels = missing.size();
  if (std::string error = compileKernels(missing, machine); !error.empty())
    return failure(error);
  for (Kernel *kernel : missing)
    cache.insert(kernel->key, kernel->object);

  if (failed(workshop.run(*module, [](PassManager &manager) { buildEntryPipeline(manager); })))
    return failure(workshop.error);
  for (auto &[from, to] : renames)
    if (Operation *declaration = module->lookupSymbol(from)) {
      (void)SymbolTable::replaceAllSymbolUses(declaration, StringAttr::get(module->getContext(), to), *module);
      SymbolTable::setSymbolName(declaration, to);
    }
  program.hasWorkspace = module->lookupSymbol("main_workspace") != nullptr;
  program.hasShapes = module->lookupSymbol("main_shapes") != nullptr;
  if (failed(workshop.run(*module, [](PassManager &manager) { buildLlvmPipeline(manager); })))
    return failure(workshop.error);
  llvm::Expected<std::string> object = target::emitObject(*module, machine);
  if (!object)
    return failure(llvm::toString(object.takeError()));
  program.objects.push_back(std::move(*object));
  for (Kernel &kernel : kernels)
    program.objects.push_back(std::move(kernel.object));
  return program;
}

} // namespace lamina::compiler
