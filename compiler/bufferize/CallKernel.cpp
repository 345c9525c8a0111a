// How lamina.call_kernel turns into a plain call on buffers.

#include "compiler/bufferize/CallKernel.h"

#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::lamina {

namespace {

using namespace bufferization;

struct CallKernelBufferization : DstBufferizableOpInterfaceExternalModel<CallKernelBufferization, CallKernelOp> {
  // A kernel that starts from its destination's values is not told apart from one that overwrites them.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    if (!isa<CallKernelOp>(op) || !isa<TensorType>(operand.get().getType()))
      return false;
    auto call = cast<CallKernelOp>(op);
    return !call.isDpsInit(&operand) || call->hasAttr("reads_destinations");
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto call = cast<CallKernelOp>(op);
    SmallVector<Value> operands, results;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (auto type = dyn_cast<RankedTensorType>(value.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, value, options, state);
        if (failed(buffer))
          return failure();
        auto plain = MemRefType::get(type.getShape(), type.getElementType());
        value = *buffer;
        if (value.getType() != plain)
          value = memref::CastOp::create(rewriter, op->getLoc(), plain, value);
        if (call.isDpsInit(&operand))
          results.push_back(*buffer);
      }
      operands.push_back(value);
    }
    // The kernel is compiled by itself; this module only declares it.
    StringRef name = call.getCallee().getRootReference();
    std::string symbol = ("lamina_" + name).str();
    auto module = op->getParentOfType<ModuleOp>();
    if (!module.lookupSymbol(symbol)) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      auto declaration = func::FuncOp::create(rewriter, op->getLoc(), symbol,
                                              rewriter.getFunctionType(ValueRange(operands).getTypes(), {}));
      declaration.setPrivate();
    }
    func::CallOp::create(rewriter, op->getLoc(), symbol, TypeRange{}, operands);
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

} // namespace

void registerCallKernelBufferization(DialectRegistry &registry) {
  registry.addExtension(
      +[](MLIRContext *context, LaminaDialect *) { CallKernelOp::attachInterface<CallKernelBufferization>(*context); });
}

} // namespace mlir::lamina
