// Outlines each scf.forall of a kernel into a function over a range of work items, (begin, end, work of the whole loop,
// captures…). Guarantees that kernels hold no parallel loops, only calls of functions marked lamina.parallel_body, and
// that temporaries of known, small size are on the stack.

#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_PARALLELIZEPASS
#include "compiler/Passes.h.inc"

namespace {

/// Larger temporaries than this would run over the stack of a thread.
constexpr int64_t stackBytes = 1 << 18;

void outline(scf::ForallOp forall, func::FuncOp kernel) {
  OpBuilder builder(forall);
  Location loc = forall.getLoc();
  auto ceilDiv = [&](Value a, Value b) -> Value {
    if (auto extent = getConstantIntValue(a), step = getConstantIntValue(b); extent && step)
      return arith::ConstantIndexOp::create(builder, loc, llvm::divideCeil(*extent, *step));
    return arith::CeilDivUIOp::create(builder, loc, a, b);
  };
  SmallVector<Value> counts, lows, steps;
  Value work = arith::ConstantIndexOp::create(builder, loc, forall->getAttrOfType<IntegerAttr>("lamina.work").getInt());
  for (auto [low, high, step] :
       llvm::zip_equal(forall.getMixedLowerBound(), forall.getMixedUpperBound(), forall.getMixedStep())) {
    lows.push_back(getValueOrCreateConstantIndexOp(builder, loc, low));
    steps.push_back(getValueOrCreateConstantIndexOp(builder, loc, step));
    Value end = getValueOrCreateConstantIndexOp(builder, loc, high);
    Value extent =
        getConstantIntValue(low) == 0 ? end : arith::SubIOp::create(builder, loc, end, lows.back()).getResult();
    counts.push_back(ceilDiv(extent, steps.back()));
    work = arith::MulIOp::create(builder, loc, work, extent);
  }
  Value total = counts[0];
  for (Value count : ArrayRef(counts).drop_front())
    total = arith::MulIOp::create(builder, loc, total, count);

  // What the body takes from outside; constants are repeated.
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(forall->getRegions(), used);
  for (ArrayRef<Value> list : {ArrayRef(lows), ArrayRef(steps), ArrayRef(counts).drop_front()})
    used.insert(list.begin(), list.end());
  SmallVector<Value> captures, constants;
  for (Value value : used) {
    Operation *def = value.getDefiningOp();
    (def && def->hasTrait<OpTrait::ConstantLike>() ? constants : captures).push_back(value);
  }

  auto module = kernel->getParentOfType<ModuleOp>();
  SmallVector<Type> types(3, builder.getIndexType());
  llvm::append_range(types, ValueRange(captures).getTypes());
  unsigned number = llvm::range_size(module.getOps<func::FuncOp>());
  OpBuilder outer(module.getBodyRegion());
  auto body = func::FuncOp::create(outer, loc, "body_" + std::to_string(number), outer.getFunctionType(types, {}));
  body.setPrivate();
  body->setAttr("lamina.parallel_body", builder.getUnitAttr());
  body->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  Block *block = body.addEntryBlock();
  OpBuilder inner = OpBuilder::atBlockBegin(block);
  IRMapping map;
  map.map(ValueRange(captures), block->getArguments().drop_front(3));
  for (Value constant : constants)
    inner.clone(*constant.getDefiningOp(), map);
  Value one = arith::ConstantIndexOp::create(inner, loc, 1);
  auto loop = scf::ForOp::create(inner, loc, block->getArgument(0), block->getArgument(1), one);
  func::ReturnOp::create(inner, loc);
  inner.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVar();
  for (int64_t i = counts.size() - 1; i >= 0; --i) {
    Value position = rest;
    if (i > 0) {
      Value count = map.lookup(counts[i]);
      position = arith::RemUIOp::create(inner, loc, rest, count);
      rest = arith::DivUIOp::create(inner, loc, rest, count);
    }
    Value scaled = arith::MulIOp::create(inner, loc, position, map.lookup(steps[i]));
    map.map(forall.getInductionVar(i), arith::AddIOp::create(inner, loc, scaled, map.lookup(lows[i])));
  }
  for (Operation &op : forall.getBody()->without_terminator())
    inner.clone(op, map);

  SmallVector<Value> arguments{arith::ConstantIndexOp::create(builder, loc, 0), total, work};
  llvm::append_range(arguments, captures);
  func::CallOp::create(builder, loc, body, arguments);
  forall.erase();
}

/// Temporaries of a tile live on the stack, once for all turns of the loops around them.
void moveToStack(func::FuncOp function) {
  function.walk([&](memref::AllocOp alloc) {
    OpBuilder builder(alloc);
    MemRefType type = alloc.getType();
    if (type.hasStaticShape() &&
        type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8) <= stackBytes) {
      builder.setInsertionPointToStart(&function.front());
      Value stack = memref::AllocaOp::create(builder, alloc.getLoc(), alloc.getType(), builder.getI64IntegerAttr(64));
      alloc.replaceAllUsesWith(stack);
      alloc.erase();
      return;
    }
    builder.setInsertionPoint(alloc->getBlock()->getTerminator());
    memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
  });
}

struct ParallelizePass : impl::ParallelizePassBase<ParallelizePass> {
  void runOnOperation() override {
    SmallVector<scf::ForallOp> loops;
    getOperation()->walk([&](scf::ForallOp forall) { loops.push_back(forall); });
    for (scf::ForallOp forall : loops) {
      if (!forall->hasAttr("lamina.work")) {
        forall.emitOpError("does not say what an element costs, in lamina.work");
        return signalPassFailure();
      }
      outline(forall, forall->getParentOfType<func::FuncOp>());
    }
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        moveToStack(function);
  }
};

} // namespace
} // namespace mlir::lamina
