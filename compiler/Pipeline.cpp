// The compiler's table of contents.

#include "compiler/Pipeline.h"

#include "compiler/Passes.h"
#include "compiler/bufferize/CallKernel.h"
#include "dialects/lamina/LaminaDialect.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/AllInterfaces.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/TensorTilingInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/ValueBoundsOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/Transforms/SubsetOpInterfaceImpl.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

namespace mlir::lamina {

void registerPipelineDialects(DialectRegistry &registry) {
  registry.insert<LaminaDialect, affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, func::FuncDialect, index::IndexDialect, linalg::LinalgDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect,
                  ub::UBDialect, vector::VectorDialect>();
  affine::registerValueBoundsOpInterfaceExternalModels(registry);
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  arith::registerValueBoundsOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerAllDialectInterfaceImplementations(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  memref::registerValueBoundsOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerValueBoundsOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  tensor::registerTilingInterfaceExternalModels(registry);
  tensor::registerValueBoundsOpInterfaceExternalModels(registry);
  vector::registerBufferizableOpInterfaceExternalModels(registry);
  vector::registerSubsetOpInterfaceExternalModels(registry);
  registerCallKernelBufferization(registry);

  arith::registerConvertArithToLLVMInterface(registry);
  cf::registerConvertControlFlowToLLVMInterface(registry);
  registerConvertFuncToLLVMInterface(registry);
  index::registerConvertIndexToLLVMInterface(registry);
  registerConvertMathToLLVMInterface(registry);
  registerConvertMemRefToLLVMInterface(registry);
  ub::registerConvertUBToLLVMInterface(registry);
  vector::registerConvertVectorToLLVMInterface(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void buildLinalgPipeline(OpPassManager &manager) {
  manager.addPass(createCheckSizesPass());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createFormAttentionPass());
  functions.addPass(createDifferentiatePass());
  functions.addPass(createSimplifyPass());
  functions.addPass(createConvertLaminaToLinalgPass());
}

void buildKernelsPipeline(OpPassManager &manager, const ::lamina::target::Machine &machine, bool profile) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLinalgFoldUnitExtentDimsPass());
  functions.addPass(createFuseElementwisePass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createStoreBoolsPass());
  functions.addPass(createSplitSumsPass());
  TurnColumnsPassOptions turn;
  turn.lanes = machine.vectorBytes / 4;
  functions.addPass(createTurnColumnsPass(turn));
  PackWeightsPassOptions pack;
  pack.panel = machine.vectorBytes / 4 * 2;
  functions.addPass(createPackWeightsPass(pack));
  manager.addPass(createHoistPreparePass());
  manager.addPass(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createFindRowsPass());
  manager.addPass(createFormKernelsPass());
  manager.addPass(createExpandFunctionsPass());
  if (profile)
    manager.addPass(createCountWorkPass());
}

void buildSchedulePipeline(OpPassManager &manager, const ::lamina::target::Machine &machine) {
  CollapseAxesPassOptions collapse;
  collapse.vectorBytes = machine.vectorBytes;
  manager.addNestedPass<func::FuncOp>(createCollapseAxesPass(collapse));
  SplitWindowsPassOptions split;
  split.vectorBytes = machine.vectorBytes;
  manager.addNestedPass<func::FuncOp>(createSplitWindowsPass(split));
  SchedulePassOptions schedule;
  schedule.vectorBytes = machine.vectorBytes;
  schedule.registers = machine.registers;
  manager.addNestedPass<func::FuncOp>(createSchedulePass(schedule));
}

void buildVectorPipeline(OpPassManager &manager, const ::lamina::target::Machine &machine) {
  buildSchedulePipeline(manager, machine);
  OpPassManager &functions = manager.nest<func::FuncOp>();
  TilePassOptions tile;
  tile.vectorBytes = machine.vectorBytes;
  functions.addPass(createTilePass(tile));
  functions.addPass(createVectorizePass());
  functions.addPass(createBufferizePass());
  functions.addPass(createCSEPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createExpandCopiesPass());
  LowerVectorsPassOptions lower;
  lower.vectorBytes = machine.vectorBytes;
  lower.registers = machine.registers;
  functions.addPass(createLowerVectorsPass(lower));
  functions.addPass(createLoopInvariantCodeMotionPass());
  manager.addPass(createParallelizePass());
}

void buildEntryPipeline(OpPassManager &manager) {
  manager.addPass(createEntryAbiPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<func::FuncOp>(createBufferizePass());
  // Copies of a part onto itself go only where both are one value.
  manager.addPass(createCSEPass());
  manager.addPass(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createExpandCopiesPass());
  manager.addNestedPass<func::FuncOp>(createCastReshapesPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createPlanArenaPass());
  manager.addPass(createBlockRowsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void buildLlvmPipeline(OpPassManager &manager) {
  manager.addPass(createPassPointersPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createCallParallelPass());
}

void registerPipelines() {
  PassPipelineRegistration<>("lamina-to-kernels", "traced functions to kernels", [](OpPassManager &manager) {
    buildLinalgPipeline(manager);
    buildKernelsPipeline(manager, ::lamina::target::hostMachine());
  });
  PassPipelineRegistration<>(
      "lamina-to-vectors", "kernels to vectors in loops, for this machine",
      [](OpPassManager &manager) { buildVectorPipeline(manager.nest<ModuleOp>(), ::lamina::target::hostMachine()); });
  PassPipelineRegistration<>("lamina-to-calls", "entry functions to calls on buffers", buildEntryPipeline);
  PassPipelineRegistration<>("lamina-to-llvm", "to the LLVM dialect", buildLlvmPipeline);
}

} // namespace mlir::lamina
