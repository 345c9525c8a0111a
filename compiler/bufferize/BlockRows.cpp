// Runs an entry function on blocks of rows that are so few that what one kernel writes is still in the cache when the
// next reads it. Guarantees that the workspace holds one block.

#include "compiler/Passes.h"
#include "compiler/bufferize/CallerMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_BLOCKROWSPASS
#include "compiler/Passes.h.inc"

namespace {

struct BlockRowsPass : impl::BlockRowsPassBase<BlockRowsPass> {
  using BlockRowsPassBase::BlockRowsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto block = module.lookupSymbol<func::FuncOp>("main");
    auto workspace = module.lookupSymbol<func::FuncOp>("main_workspace");
    auto rowBytes = block ? block->getAttrOfType<DenseI64ArrayAttr>("lamina.row_bytes") : DenseI64ArrayAttr();
    if (!rowBytes)
      return;
    block->removeAttr("lamina.row_bytes");
    if (!workspace)
      return;
    FunctionType blockType = block.getFunctionType(), workspaceType = workspace.getFunctionType();
    for (func::FuncOp function : {block, workspace}) {
      function.setName((function.getName() + "_block").str());
      function.setPrivate();
      function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
    }
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    OpBuilder builder(&getContext());
    Location loc = block.getLoc();
    builder.setInsertionPointToEnd(module.getBody());
    auto outerWorkspace = func::FuncOp::create(builder, loc, "main_workspace", workspaceType);
    auto outer = func::FuncOp::create(builder, loc, "main", blockType);
    Type i64 = builder.getI64Type();

    // Every open size is the number of rows.
    int64_t open = llvm::count_if(rowBytes.asArrayRef(), [](int64_t bytes) { return bytes > 0; });
    auto setDims = [&](Value array, Value rows) {
      for (int64_t i = 0; i < open; ++i)
        storeAt(builder, loc, rows, array, i, i64);
    };
    auto allocate = [&](Type type, int64_t count) -> Value {
      Value size = LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(count));
      return LLVM::AllocaOp::create(builder, loc, pointer, type, size, 8);
    };
    // The rows of a block, from the workspace that one row needs.
    auto rowsOfBlock = [&](Value array, Value all) -> Value {
      Value one = arith::ConstantIntOp::create(builder, loc, 1, 64);
      Value most = arith::ConstantIntOp::create(builder, loc, cacheBytes, 64);
      setDims(array, one);
      Value row = func::CallOp::create(builder, loc, workspace, ValueRange{array}).getResult(0);
      Value rows = arith::DivSIOp::create(builder, loc, most, arith::MaxSIOp::create(builder, loc, row, one));
      return arith::MinSIOp::create(builder, loc, arith::MaxSIOp::create(builder, loc, rows, one), all);
    };

    {
      OpBuilder::InsertionGuard guard(builder);
      Block *body = outerWorkspace.addEntryBlock();
      builder.setInsertionPointToStart(body);
      Value array = allocate(i64, open);
      setDims(array, rowsOfBlock(array, loadAt(builder, loc, body->getArgument(0), 0, i64)));
      Value bytes = func::CallOp::create(builder, loc, workspace, ValueRange{array}).getResult(0);
      func::ReturnOp::create(builder, loc, bytes);
    }
    Block *body = outer.addEntryBlock();
    builder.setInsertionPointToStart(body);
    Value buffers = body->getArgument(0), dims = body->getArgument(1);
    Value array = allocate(i64, open), moved = allocate(pointer, rowBytes.size());
    Value all = loadAt(builder, loc, dims, 0, i64);
    Value rows = rowsOfBlock(array, all);
    Value zero = arith::ConstantIntOp::create(builder, loc, 0, 64),
          fine = arith::ConstantIntOp::create(builder, loc, 0, 32);
    Value step = arith::MaxSIOp::create(builder, loc, rows, arith::ConstantIntOp::create(builder, loc, 1, 64));
    // Most buffers are weights, which stay.
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value end = LLVM::GEPOp::create(builder, loc, pointer, pointer, null,
                                    ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(rowBytes.size())});
    Value size = LLVM::PtrToIntOp::create(builder, loc, i64, end);
    LLVM::MemcpyOp::create(builder, loc, moved, buffers, size, /*isVolatile=*/false);
    auto loop = scf::ForOp::create(builder, loc, zero, all, step, ValueRange{fine});
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      Value start = loop.getInductionVar();
      setDims(array, arith::MinSIOp::create(builder, loc, step, arith::SubIOp::create(builder, loc, all, start)));
      for (auto [i, bytes] : llvm::enumerate(rowBytes.asArrayRef())) {
        if (!bytes)
          continue;
        Value offset =
            arith::MulIOp::create(builder, loc, start, arith::ConstantIntOp::create(builder, loc, bytes, 64));
        Value address = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(),
                                            loadAt(builder, loc, buffers, i, pointer), ValueRange{offset});
        storeAt(builder, loc, address, moved, i, pointer);
      }
      SmallVector<Value> arguments(body->getArguments());
      arguments[0] = moved;
      arguments[1] = array;
      Value status = func::CallOp::create(builder, loc, block, arguments).getResult(0);
      Value seen = arith::MaxUIOp::create(builder, loc, loop.getRegionIterArg(0), status);
      scf::YieldOp::create(builder, loc, seen);
    }
    func::ReturnOp::create(builder, loc, loop.getResult(0));
  }
};

} // namespace
} // namespace mlir::lamina
