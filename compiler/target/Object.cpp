#include "compiler/target/Object.h"

#include "compiler/target/HalfConversions.h"
#include "compiler/target/LargeBlocks.h"
#include "compiler/target/LibraryCalls.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::target {

llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                        const Machine &machine) {
  std::unique_ptr<llvm::Module> result = mlir::translateModuleToLLVMIR(module, context);
  if (!result)
    return llvm::createStringError("the compiler produced IR that LLVM does not take");
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> target = createTargetMachine(machine, true);
  if (!target)
    return target.takeError();
  result->setTargetTriple(llvm::Triple(machine.triple));
  result->setDataLayout((*target)->createDataLayout());
  std::string width = std::to_string(machine.vectorBytes * 8);
  for (llvm::Function &function : *result) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.cpu);
    function.addFnAttr("target-features", machine.features);
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("min-legal-vector-width", width);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // With a frame pointer LLVM can align the stack for vectors that registers do not hold; others cross cache lines.
    if (machine.vectorBytes > 16)
      function.addFnAttr("frame-pointer", "all");
  }
  avoidLibraryCalls(*result, **target);
  expandHalfConversions(*result, **target);
  return result;
}

void optimize(llvm::Module &module, llvm::TargetMachine &target) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions options;
  // Vectors are explicit; LLVM's own vectorizers would only cost time.
  options.LoopVectorization = false;
  options.SLPVectorization = false;
  options.LoopUnrolling = true;
  llvm::PassBuilder builder(&target, options);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O1).run(module, modules);
  outlineLargeBlocks(module);
}

llvm::Expected<std::string> emit(llvm::Module &module, llvm::TargetMachine &target, CodeForm form) {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  auto type = form == CodeForm::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (target.addPassesToEmitFile(passes, stream, nullptr, type))
    return llvm::createStringError("target " + module.getTargetTriple().str() + " cannot write this kind of file");
  passes.run(module);
  return std::string(buffer.data(), buffer.size());
}

llvm::Expected<std::string> emitObject(mlir::ModuleOp module, const Machine &machine) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated = translate(module, context, machine);
  if (!translated)
    return translated.takeError();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> target = createTargetMachine(machine, true);
  if (!target)
    return target.takeError();
  optimize(**translated, **target);
  return emit(**translated, **target, CodeForm::Object);
}

} // namespace lamina::target
