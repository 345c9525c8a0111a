#include "program.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "compiler/Passes.h"
#include "dialects/lamina/LaminaDialect.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/Support/TargetSelect.h"

namespace lamina::testing {

namespace {

constexpr const char *kPipeline =
    "func.func(lamina-differentiate, cse, canonicalize, convert-lamina-to-linalg),"
    "one-shot-bufferize{bufferize-function-boundaries copy-before-write allow-return-allocs-from-loops "
    "function-boundary-type-conversion=identity-layout-map},"
    "buffer-deallocation-pipeline, convert-bufferization-to-memref, func.func(lamina-cast-reshapes, "
    "convert-linalg-to-loops), "
    "expand-strided-metadata, lower-affine,"
    "convert-math-to-libm, convert-scf-to-cf, convert-math-to-llvm, convert-arith-to-llvm, finalize-memref-to-llvm,"
    "convert-func-to-llvm, convert-cf-to-llvm, reconcile-unrealized-casts";

const mlir::DialectRegistry &registry() {
  static const mlir::DialectRegistry *instance = [] {
    auto *registry = new mlir::DialectRegistry;
    mlir::registerAllDialects(*registry);
    mlir::registerAllExtensions(*registry);
    mlir::registerAllPasses();
    mlir::lamina::registerLaminaPasses();
    registry->insert<mlir::lamina::LaminaDialect>();
    mlir::registerBuiltinDialectTranslation(*registry);
    mlir::registerLLVMDialectTranslation(*registry);
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return registry;
  }();
  return *instance;
}

std::int64_t count(const std::vector<std::int64_t> &shape) {
  std::int64_t n = 1;
  for (std::int64_t size : shape)
    n *= size;
  return n;
}

template <typename F> void with_element(const std::string &element, F &&f) {
  if (element == "f64")
    f(double());
  else if (element == "f32")
    f(float());
  else if (element == "i64")
    f(std::int64_t());
  else if (element == "i32")
    f(std::int32_t());
  else if (element == "i1" || element == "i8")
    f(std::int8_t());
  else
    throw std::runtime_error("no arrays of " + element + " in this test");
}

} // namespace

Program::Program(const std::string &text) {
  mlir::MLIRContext context(registry(), mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return mlir::success();
  });
  auto require = [&](bool holds) {
    if (!holds)
      throw std::runtime_error(messages + "in\n" + text);
  };
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  require(static_cast<bool>(module));

  auto main = module->lookupSymbol<mlir::func::FuncOp>("main");
  auto describe = [](mlir::TypeRange types, std::vector<TensorType> &list) {
    for (mlir::Type type : types) {
      auto tensor = mlir::cast<mlir::RankedTensorType>(type);
      std::string element;
      llvm::raw_string_ostream(element) << tensor.getElementType();
      list.push_back({element, static_cast<std::size_t>(tensor.getRank())});
    }
  };
  describe(main.getArgumentTypes(), arguments);
  describe(main.getResultTypes(), results);
  main->setAttr("llvm.emit_c_interface", mlir::UnitAttr::get(&context));

  mlir::PassManager passes(&context);
  require(mlir::succeeded(mlir::parsePassPipeline(kPipeline, passes)));
  require(mlir::succeeded(passes.run(*module)));
  mlir::ExecutionEngineOptions options;
  llvm::StringRef copiesOfStridedBuffers = LAMINA_MLIR_RUNNER_UTILS;
  options.sharedLibPaths = copiesOfStridedBuffers;
  auto created = mlir::ExecutionEngine::create(*module, options);
  require(static_cast<bool>(created));
  engine = std::move(*created);
}

Program::~Program() = default;

std::vector<Array> Program::run(const std::vector<Array> &values) const {
  // A memref is its pointer twice, an offset, sizes and strides. The function takes a pointer to the results' memrefs,
  // one behind the other, then a pointer to each argument's.
  std::vector<std::vector<std::int64_t>> descriptors;
  std::vector<std::vector<char>> storage;
  for (std::size_t i = 0; i < values.size(); ++i) {
    with_element(arguments[i].element, [&](auto zero) {
      using T = decltype(zero);
      std::vector<char> bytes(std::max<std::size_t>(1, values[i].values.size() * sizeof(T)));
      for (std::size_t k = 0; k < values[i].values.size(); ++k)
        reinterpret_cast<T *>(bytes.data())[k] = static_cast<T>(values[i].values[k]);
      storage.push_back(std::move(bytes));
    });
    auto pointer = reinterpret_cast<std::int64_t>(storage.back().data());
    std::vector<std::int64_t> descriptor{pointer, pointer, 0};
    const auto &shape = values[i].shape;
    descriptor.insert(descriptor.end(), shape.begin(), shape.end());
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      descriptor.push_back(count({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()}));
    descriptors.push_back(std::move(descriptor));
  }
  std::size_t words = 0;
  for (const TensorType &result : results)
    words += 3 + 2 * result.rank;
  std::vector<std::int64_t> returned(words);

  std::vector<void *> pointers{returned.data()};
  for (auto &descriptor : descriptors)
    pointers.push_back(descriptor.data());
  std::vector<void *> packed;
  for (void *&pointer : pointers)
    packed.push_back(&pointer);
  if (llvm::Error error = engine->invokePacked("_mlir_ciface_main", packed))
    throw std::runtime_error(llvm::toString(std::move(error)));

  std::vector<Array> arrays;
  const std::int64_t *word = returned.data();
  for (const TensorType &result : results) {
    Array array;
    array.shape.assign(word + 3, word + 3 + result.rank);
    with_element(result.element, [&](auto zero) {
      const auto *data = reinterpret_cast<const decltype(zero) *>(word[1]) + word[2];
      for (std::int64_t k = 0; k < count(array.shape); ++k)
        array.values.push_back(static_cast<double>(data[k]));
    });
    std::free(reinterpret_cast<void *>(word[0]));
    word += 3 + 2 * result.rank;
    arrays.push_back(std::move(array));
  }
  return arrays;
}

} // namespace lamina::testing
