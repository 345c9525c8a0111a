#pragma once

#include "compiler/target/Machine.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::lamina {

/// All dialects of the pipeline with the interfaces that its passes ask for.
void registerPipelineDialects(DialectRegistry &registry);

/// From traced functions to linalg on tensors.
void buildLinalgPipeline(OpPassManager &manager);

/// From linalg to kernels: @main, @prepare and one nested module a kernel. With `profile`, the calls in @main are
/// timed.
void buildKernelsPipeline(OpPassManager &manager, const ::lamina::target::Machine &machine, bool profile = false);

/// A kernel's module: #lamina.schedule on its operations.
void buildSchedulePipeline(OpPassManager &manager, const ::lamina::target::Machine &machine);

/// A kernel's module: structured operations → vectors in loops over buffers.
void buildVectorPipeline(OpPassManager &manager, const ::lamina::target::Machine &machine);

/// The entry functions' module, kernels taken out: calls on buffers in one workspace.
void buildEntryPipeline(OpPassManager &manager);

/// Either module → the LLVM dialect.
void buildLlvmPipeline(OpPassManager &manager);

/// Registers the pipelines for lamina-opt: lamina-to-kernels, lamina-to-vectors, lamina-to-calls, lamina-to-llvm.
void registerPipelines();

} // namespace mlir::lamina
