// How lamina.call_kernel turns into a plain call on buffers, between two marks if it has a site.

#include "compiler/bufferize/CallKernel.h"

#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::lamina {

namespace {

using namespace bufferization;

/// context->mark(context, site, flops, bytes, within).
void mark(OpBuilder &builder, Location loc, Value context, Value site, Value flops, Value bytes, Value within) {
  MLIRContext *ctx = builder.getContext();
  Type pointer = LLVM::LLVMPointerType::get(ctx), i64 = builder.getI64Type();
  auto fields = LLVM::LLVMStructType::getLiteral(ctx, {pointer, pointer, i64, pointer});
  Value place = LLVM::GEPOp::create(builder, loc, pointer, fields, context, ArrayRef<LLVM::GEPArg>{0, 3});
  Value function = LLVM::LoadOp::create(builder, loc, pointer, place);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(ctx), {pointer, i64, i64, i64, i64});
  LLVM::CallOp::create(builder, loc, type, ValueRange{function, context, site, flops, bytes, within});
}

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
    unsigned count = call.getInputs().size() + call.getDestinations().size();
    for (OpOperand &operand : op->getOpOperands().take_front(count)) {
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
    Location loc = op->getLoc();
    auto number = [&](int64_t value) { return arith::ConstantIntOp::create(rewriter, loc, value, 64); };
    if (call.getSite())
      mark(rewriter, loc, operands[0], number(-1), number(0), number(0), number(0));
    func::CallOp::create(rewriter, loc, symbol, TypeRange{}, operands);
    if (call.getSite()) {
      auto wide = [&](Value size) { return arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(), size); };
      mark(rewriter, loc, operands[0], number(*call.getSite()), wide(call.getFlops()), wide(call.getBytes()),
           wide(call.getWithin()));
    }
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
