#pragma once

#include "compiler/target/Machine.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace lamina::target {

/// LLVM IR of a module in the LLVM dialect, for a machine.
llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                        const Machine &machine);

/// Runs LLVM's middle end.
void optimize(llvm::Module &module, llvm::TargetMachine &target);

enum class CodeForm { Object, Assembly };

/// The bytes of an object file, or assembly text.
llvm::Expected<std::string> emit(llvm::Module &module, llvm::TargetMachine &target, CodeForm form);

/// All three in turn.
llvm::Expected<std::string> emitObject(mlir::ModuleOp module, const Machine &machine);

} // namespace lamina::target
