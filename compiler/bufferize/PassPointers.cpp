// Passes contiguous buffers between functions as a pointer and the open sizes. Guarantees that a call costs a word for
// each, where a descriptor of rank n has 3 + 2n; an entry function is little else than calls.

#include "compiler/Passes.h"
#include "compiler/bufferize/CallerMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_PASSPOINTERSPASS
#include "compiler/Passes.h.inc"

namespace {

/// The type of a contiguous buffer, or null.
MemRefType contiguous(Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  return buffer && buffer.getLayout().isIdentity() ? buffer : MemRefType();
}

SmallVector<Type> wordsOf(TypeRange types) {
  SmallVector<Type> words;
  for (Type type : types) {
    MemRefType buffer = contiguous(type);
    words.push_back(buffer ? LLVM::LLVMPointerType::get(type.getContext()) : type);
    if (buffer)
      words.append(buffer.getNumDynamicDims(), IndexType::get(type.getContext()));
  }
  return words;
}

void takeWords(func::FuncOp function) {
  FunctionType type = function.getFunctionType();
  SmallVector<Type> words = wordsOf(type.getInputs());
  if (words == type.getInputs())
    return;
  if (!function.isExternal()) {
    Block &body = function.front();
    unsigned count = body.getNumArguments();
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    for (unsigned i = 0; i < count; ++i) {
      BlockArgument old = body.getArgument(i);
      MemRefType buffer = contiguous(old.getType());
      SmallVector<Value> values;
      for (Type word : wordsOf(old.getType()))
        values.push_back(body.addArgument(word, old.getLoc()));
      old.replaceAllUsesWith(
          buffer ? bufferFromPointer(builder, old.getLoc(), values[0], buffer, ArrayRef(values).drop_front())
                 : values[0]);
    }
    body.eraseArguments(0, count);
  }
  function.setArgAttrsAttr({});
  function.setType(FunctionType::get(function.getContext(), words, type.getResults()));
}

void giveWords(func::CallOp call) {
  OpBuilder builder(call);
  Location loc = call.getLoc();
  SmallVector<Value> words;
  for (Value operand : call.getOperands()) {
    MemRefType buffer = contiguous(operand.getType());
    if (!buffer) {
      words.push_back(operand);
      continue;
    }
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, operand);
    address = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), address);
    words.push_back(LLVM::IntToPtrOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), address));
    for (int64_t axis = 0; axis < buffer.getRank(); ++axis)
      if (buffer.isDynamicDim(axis))
        words.push_back(memref::DimOp::create(builder, loc, operand, axis));
  }
  call.getOperandsMutable().assign(words);
}

struct PassPointersPass : impl::PassPointersPassBase<PassPointersPass> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto function = dyn_cast<func::FuncOp>(op))
        takeWords(function);
      else if (auto call = dyn_cast<func::CallOp>(op))
        giveWords(call);
    });
  }
};

} // namespace
} // namespace mlir::lamina
