// Runs the pipeline over one traced function and collects the objects.

#include "compiler/Build.h"

#include "compiler/Pipeline.h"
#include "compiler/target/Object.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <atomic>
#include <cstdlib>
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
  Workshop()
      : context(registry(), MLIRContext::Threading::DISABLED), handler(&context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error && error.empty())
            error = diagnostic.str();
          return success();
        }) {
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> parse(StringRef text) { return parseSourceString<ModuleOp>(text, &context); }

  template <typename Pipeline> LogicalResult run(ModuleOp module, Pipeline &&pipeline) {
    PassManager manager(&context);
    manager.enableVerifier(verify);
    pipeline(manager);
    return manager.run(module);
  }

  std::string error;

private:
  /// Wrong IR is found where it arises, at a price.
  const bool verify = std::getenv("LAMINA_VERIFY") != nullptr;

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

/// A kernel's module in the LLVM dialect, its function under the kernel's symbol; null on failure.
OwningOpRef<ModuleOp> lowerKernel(Workshop &workshop, const Kernel &kernel, const Machine &machine) {
  OwningOpRef<ModuleOp> module = workshop.parse(kernel.text);
  if (!module || failed(workshop.run(*module, [&](PassManager &manager) { buildVectorPipeline(manager, machine); })))
    return {};
  module->lookupSymbol<func::FuncOp>("kernel").setSymName(kernel.symbol);
  if (failed(workshop.run(*module, [&](PassManager &manager) { buildLlvmPipeline(manager); })))
    return {};
  return module;
}

std::string compileKernel(Workshop &workshop, Kernel &kernel, const Machine &machine) {
  OwningOpRef<ModuleOp> module = lowerKernel(workshop, kernel, machine);
  if (!module)
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

/// Takes the kernels out of the module. Their symbols are what the entry functions call once they are buffers.
std::vector<Kernel> takeKernels(ModuleOp module) {
  std::vector<Kernel> kernels;
  for (ModuleOp nested : llvm::make_early_inc_range(module.getOps<ModuleOp>())) {
    Kernel kernel;
    kernel.symbol = "lamina_" + nested.getSymName()->str();
    nested->removeAttr(SymbolTable::getSymbolAttrName());
    // Where it stood, a print would number all that stands around it.
    nested->remove();
    kernel.text = print(nested);
    kernels.push_back(std::move(kernel));
    nested->destroy();
  }
  return kernels;
}

/// The table that lamina-count-work wrote, if it did.
std::vector<Site> sitesOf(ModuleOp module) {
  std::vector<Site> sites;
  if (auto table = module->getAttrOfType<ArrayAttr>("lamina.sites"))
    for (auto row : table.getAsRange<DictionaryAttr>()) {
      Site &site = sites.emplace_back();
      site.kernel = row.getAs<StringAttr>("kernel").str();
      for (auto layer : row.getAs<ArrayAttr>("layers").getAsRange<StringAttr>())
        site.layers.push_back(layer.str());
      site.gradient = row.getAs<BoolAttr>("gradient").getValue();
    }
  return sites;
}

} // namespace

Program build(StringRef text, const Machine &machine, const ObjectCache &cache, BuildReport &report, bool profile) {
  Program program;
  auto failure = [&](std::string message) {
    report.error = message.empty() ? "the compiler failed without a message" : message;
    return Program();
  };
  Workshop workshop;
  OwningOpRef<ModuleOp> module = workshop.parse(text);
  if (!module || failed(workshop.run(*module, [&](PassManager &manager) {
        buildLinalgPipeline(manager);
        buildKernelsPipeline(manager, machine, profile);
      })))
    return failure(workshop.error);
  program.sites = sitesOf(*module);
  for (BlockArgument argument : module->lookupSymbol<func::FuncOp>("main").getArguments())
    report.isRead.push_back(!argument.use_empty());
  if (auto prepare = module->lookupSymbol<func::FuncOp>("prepare"))
    for (Type type : prepare.getResultTypes())
      program.preparedBytes.push_back(bytesOf(type));

  if (auto check = module->lookupSymbol<func::FuncOp>("main_check")) {
    program.hasChecks = true;
    for (auto message : check->getAttrOfType<ArrayAttr>("lamina.messages").getAsRange<StringAttr>())
      program.messages.push_back(message.str());
  }

  std::vector<Kernel> kernels = takeKernels(*module);
  llvm::StringMap<std::string> renames;
  for (Kernel &kernel : kernels) {
    kernel.key = ObjectCache::hash(machine.key() + kernel.text);
    std::string symbol = "lamina_" + kernel.key;
    renames[kernel.symbol] = symbol;
    kernel.symbol = symbol;
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
  // In one walk: a search for the uses of each would be one for each.
  module->walk([&](Operation *op) {
    if (auto function = dyn_cast<func::FuncOp>(op)) {
      if (auto it = renames.find(function.getSymName()); it != renames.end())
        function.setSymName(it->second);
    } else if (auto call = dyn_cast<func::CallOp>(op)) {
      if (auto it = renames.find(call.getCallee()); it != renames.end())
        call.setCallee(it->second);
    }
  });
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

Library buildLibrary(StringRef text, const Machine &machine, const target::LibraryInterface &interface,
                     llvm::ArrayRef<std::string> emit, BuildReport &report) {
  Library library;
  auto failure = [&](std::string message) {
    report.error = message.empty() ? "the compiler failed without a message" : message;
    return Library();
  };
  auto wants = [&](StringRef stage) { return llvm::is_contained(emit, stage); };
  if (wants("lamina"))
    library.text += text.str() + "\n";
  Workshop workshop;
  OwningOpRef<ModuleOp> module = workshop.parse(text);
  if (!module || failed(workshop.run(*module, [](PassManager &manager) { buildLinalgPipeline(manager); })))
    return failure(workshop.error);
  if (wants("linalg"))
    library.text += print(*module) + "\n";
  if (failed(workshop.run(*module, [&](PassManager &manager) { buildKernelsPipeline(manager, machine); })))
    return failure(workshop.error);
  if (auto prepare = module->lookupSymbol<func::FuncOp>("prepare"))
    prepare.erase();

  llvm::LLVMContext context;
  auto whole = std::make_unique<llvm::Module>("lamina", context);
  auto add = [&](ModuleOp part) -> std::string {
    llvm::Expected<std::unique_ptr<llvm::Module>> translated = target::translate(part, context, machine);
    if (!translated)
      return llvm::toString(translated.takeError());
    whole->setTargetTriple((*translated)->getTargetTriple());
    whole->setDataLayout((*translated)->getDataLayout());
    return llvm::Linker::linkModules(*whole, std::move(*translated)) ? "the parts of the object cannot be linked" : "";
  };
  for (Kernel &kernel : takeKernels(*module)) {
    for (auto [stage, passes] :
         {std::pair("scheduled", &buildSchedulePipeline), std::pair("vector", &buildVectorPipeline)}) {
      if (!wants(stage))
        continue;
      OwningOpRef<ModuleOp> copy = workshop.parse(kernel.text);
      if (!copy || failed(workshop.run(*copy, [&](PassManager &manager) { passes(manager, machine); })))
        return failure(workshop.error);
      library.text += print(*copy) + "\n";
    }
    OwningOpRef<ModuleOp> lowered = lowerKernel(workshop, kernel, machine);
    if (!lowered)
      return failure(workshop.error);
    if (std::string error = add(*lowered); !error.empty())
      return failure(error);
  }
  if (failed(workshop.run(*module, [](PassManager &manager) { buildEntryPipeline(manager); })) ||
      failed(workshop.run(*module, [](PassManager &manager) { buildLlvmPipeline(manager); })))
    return failure(workshop.error);
  if (std::string error = add(*module); !error.empty())
    return failure(error);
  target::addLibraryInterface(*whole, interface);

  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machineCode = target::createTargetMachine(machine, true);
  if (!machineCode)
    return failure(llvm::toString(machineCode.takeError()));
  target::optimize(*whole, **machineCode);
  if (wants("llvm")) {
    llvm::raw_string_ostream stream(library.text);
    whole->print(stream, nullptr);
  }
  for (auto [stage, form, out] : {std::tuple("asm", target::CodeForm::Assembly, &library.text),
                                  std::tuple("obj", target::CodeForm::Object, &library.object)}) {
    if (form == target::CodeForm::Assembly && !wants(stage))
      continue;
    std::unique_ptr<llvm::Module> copy = llvm::CloneModule(*whole);
    llvm::Expected<std::string> code = target::emit(*copy, **machineCode, form);
    if (!code)
      return failure(llvm::toString(code.takeError()));
    *out += *code;
  }
  return library;
}

} // namespace lamina::compiler
