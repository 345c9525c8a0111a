// Lets calls of parallel bodies that are worth it go through the caller's thread pool. Guarantees that a kernel without
// a context runs serially.

#include "compiler/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_CALLPARALLELPASS
#include "compiler/Passes.h.inc"

namespace {

/// Less work than this, about two microseconds, is done before another thread has begun.
constexpr int64_t littleWork = 1 << 18;

/// thunk(closure, begin, end): unpacks the closure and calls the body.
LLVM::LLVMFuncOp createThunk(OpBuilder &builder, LLVM::LLVMFuncOp body, LLVM::LLVMStructType closureType) {
  Location loc = body.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer, i64, i64});
  builder.setInsertionPointAfter(body);
  auto thunk = LLVM::LLVMFuncOp::create(builder, loc, (body.getName() + "_thunk").str(), type, LLVM::Linkage::Internal);
  Block *block = thunk.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  Value closure = LLVM::LoadOp::create(builder, loc, closureType, block->getArgument(0));
  Value work = LLVM::ZeroOp::create(builder, loc, i64);
  SmallVector<Value> arguments{block->getArgument(1), block->getArgument(2), work};
  for (unsigned i = 0; i < closureType.getBody().size(); ++i)
    arguments.push_back(LLVM::ExtractValueOp::create(builder, loc, closure, i));
  LLVM::CallOp::create(builder, loc, body, arguments);
  LLVM::ReturnOp::create(builder, loc, ValueRange{});
  return thunk;
}

void callThroughPool(LLVM::CallOp call, LLVM::LLVMFuncOp body) {
  OpBuilder builder(call);
  Location loc = call.getLoc();
  MLIRContext *context = builder.getContext();
  auto kernel = call->getParentOfType<LLVM::LLVMFuncOp>();
  Value pool = kernel.getArgument(0);
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = builder.getI64Type();
  SmallVector<Value> captures(call.getArgOperands().drop_front(3));
  auto closureType = LLVM::LLVMStructType::getLiteral(context, llvm::to_vector(ValueRange(captures).getTypes()));
  LLVM::LLVMFuncOp thunk = createThunk(builder, body, closureType);

  // A null context is the caller's word that there are no threads.
  Block *before = call->getBlock();
  Block *after = before->splitBlock(call->getNextNode());
  Block *serial = builder.createBlock(after), *parallel = builder.createBlock(after);
  call->moveBefore(serial, serial->end());
  builder.setInsertionPointToEnd(serial);
  LLVM::BrOp::create(builder, loc, after);

  builder.setInsertionPointToEnd(parallel);
  Value function = LLVM::LoadOp::create(builder, loc, pointer, pool);
  Value address = LLVM::AddressOfOp::create(builder, loc, thunk);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, i64, pointer, pointer});

  builder.setInsertionPointToStart(&kernel.front());
  Value one = LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(1));
  Value closure = LLVM::AllocaOp::create(builder, loc, pointer, closureType, one, 64);
  builder.setInsertionPointToEnd(parallel);
  Value packed = LLVM::PoisonOp::create(builder, loc, closureType);
  for (auto [i, capture] : llvm::enumerate(captures))
    packed = LLVM::InsertValueOp::create(builder, loc, packed, capture, i);
  LLVM::StoreOp::create(builder, loc, packed, closure);
  LLVM::CallOp::create(builder, loc, type, ValueRange{function, pool, call.getArgOperands()[1], address, closure});
  LLVM::BrOp::create(builder, loc, after);

  builder.setInsertionPointToEnd(before);
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  Value none = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, pool, null);
  Value most = LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(littleWork));
  Value little = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ult, call.getArgOperands()[2], most);
  LLVM::CondBrOp::create(builder, loc, LLVM::OrOp::create(builder, loc, none, little), serial, parallel);
}

struct CallParallelPass : impl::CallParallelPassBase<CallParallelPass> {
  void runOnOperation() override {
    SmallVector<std::pair<LLVM::CallOp, LLVM::LLVMFuncOp>> calls;
    getOperation()->walk([&](LLVM::CallOp call) {
      if (!call.getCallee())
        return;
      auto body = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee());
      if (body && body->hasAttr("lamina.parallel_body"))
        calls.emplace_back(call, body);
    });
    for (auto [call, body] : calls)
      callThroughPool(call, body);
  }
};

} // namespace
} // namespace mlir::lamina
