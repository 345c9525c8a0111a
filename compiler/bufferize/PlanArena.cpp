// Places every temporary of @main in the caller's workspace. Guarantees that @main allocates nothing, that
// @main_workspace returns the bytes it needs for given dimensions, and that @prepare frees what it allocates.

#include "compiler/Passes.h"
#include "compiler/bufferize/CallerMemory.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_PLANARENAPASS
#include "compiler/Passes.h.inc"

namespace {

constexpr int64_t alignment = 64;

/// A temporary and the stretch of the entry block in which it is alive.
struct Temporary {
  memref::AllocOp alloc;
  unsigned first = 0, last = 0;
  int64_t slot = -1;
};

/// Bytes that temporaries with disjoint lives share.
struct Slot {
  SmallVector<Temporary *> users;
  unsigned busyUntil = 0;
};

bool isOpen(memref::AllocOp alloc) { return !alloc.getType().hasStaticShape(); }

/// The bytes that each element of the open axes takes.
int64_t fixedBytes(memref::AllocOp alloc) {
  int64_t bytes = (alloc.getType().getElementTypeBitWidth() + 7) / 8;
  for (int64_t extent : alloc.getType().getShape())
    bytes *= ShapedType::isDynamic(extent) ? 1 : extent;
  return bytes;
}

class ArenaPlanner {
public:
  explicit ArenaPlanner(func::FuncOp entry) : entry(entry), builder(entry.getContext()) {}

  void run();

private:
  void collect();
  void assign();
  OpFoldResult sizeOf(const Slot &slot);
  void bringToStart(Value value, IRMapping &map);
  void workspaceFunction(Value total);

  func::FuncOp entry;
  OpBuilder builder;
  SmallVector<Temporary, 0> temporaries;
  SmallVector<Slot, 0> slots;
};

void ArenaPlanner::collect() {
  Block &body = entry.front();
  bufferization::hoistBuffersFromLoops(entry);
  DenseMap<Operation *, unsigned> order;
  for (auto [i, op] : llvm::enumerate(body))
    order[&op] = i;
  BufferViewFlowAnalysis aliases(entry);
  entry.walk([&](memref::AllocOp alloc) {
    Temporary temporary{alloc};
    temporary.first = ~0u;
    for (Value alias : aliases.resolve(alloc.getResult()))
      for (Operation *user : alias.getUsers()) {
        unsigned at = order.lookup(body.findAncestorOpInBlock(*user));
        temporary.first = std::min(temporary.first, at);
        temporary.last = std::max(temporary.last, at);
      }
    temporaries.push_back(temporary);
  });
}

void ArenaPlanner::assign() {
  llvm::stable_sort(temporaries, [](const Temporary &a, const Temporary &b) { return a.first < b.first; });
  for (Temporary &temporary : temporaries) {
    // Best fit among free slots of the same kind; open and static sizes do not mix.
    int64_t best = -1, bestWaste = 0;
    for (auto [i, slot] : llvm::enumerate(slots)) {
      if (slot.busyUntil >= temporary.first || isOpen(slot.users[0]->alloc) != isOpen(temporary.alloc))
        continue;
      int64_t waste = std::abs(fixedBytes(slot.users[0]->alloc) - fixedBytes(temporary.alloc));
      if (best < 0 || waste < bestWaste) {
        best = i;
        bestWaste = waste;
      }
    }
    if (best < 0) {
      best = slots.size();
      slots.emplace_back();
    }
    slots[best].users.push_back(&temporary);
    slots[best].busyUntil = temporary.last;
    temporary.slot = best;
  }
}

/// Makes `value` available at the builder's place in terms of `map`.
void ArenaPlanner::bringToStart(Value value, IRMapping &map) {
  if (map.contains(value))
    return;
  Operation *def = value.getDefiningOp();
  if (!def) {
    map.map(value, value);
    return;
  }
  for (Value operand : def->getOperands())
    bringToStart(operand, map);
  builder.clone(*def, map);
}

/// Bytes for all users of a slot: what depends on the same sizes is compared here and now, so that offsets stay short
/// expressions however many users there are.
OpFoldResult ArenaPlanner::sizeOf(const Slot &slot) {
  Location loc = entry.getLoc();
  llvm::MapVector<Value, int64_t> largest; // by the product of the open sizes, which is null where all are known
  for (Temporary *temporary : slot.users) {
    int64_t fixed = fixedBytes(temporary->alloc);
    ValueRange extents = temporary->alloc.getDynamicSizes();
    Value open;
    for (Value extent : extents)
      open = open ? builder.createOrFold<arith::MulIOp>(loc, open, extent) : extent;
    // Rows as large as this are rounded up one by one, which leaves nothing to round in their product.
    if (!open || fixed >= alignment * alignment)
      fixed = llvm::alignTo(fixed, alignment);
    int64_t &bytes = largest[open];
    bytes = std::max(bytes, fixed);
  }
  OpFoldResult most;
  for (auto [open, bytes] : largest) {
    AffineExpr rows = builder.getAffineSymbolExpr(0);
    OpFoldResult size =
        open
            ? affine::makeComposedFoldedAffineApply(builder, loc, (rows * bytes).ceilDiv(alignment) * alignment, {open})
            : OpFoldResult(builder.getIndexAttr(bytes));
    auto value = [&](OpFoldResult result) { return getValueOrCreateConstantIndexOp(builder, loc, result); };
    most = most ? arith::MaxSIOp::create(builder, loc, value(most), value(size)).getResult() : size;
  }
  return most;
}

void ArenaPlanner::workspaceFunction(Value total) {
  Location loc = entry.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(entry);
  Type pointer = LLVM::LLVMPointerType::get(entry.getContext());
  auto function = func::FuncOp::create(builder, loc, (entry.getName() + "_workspace").str(),
                                       builder.getFunctionType({pointer}, {builder.getI64Type()}));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping map;
  map.map(entry.getArgument(1), block->getArgument(0));
  bringToStart(total, map);
  Value bytes = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), map.lookup(total));
  func::ReturnOp::create(builder, loc, bytes);
}

void ArenaPlanner::run() {
  collect();
  if (temporaries.empty())
    return;
  assign();
  Location loc = entry.getLoc();
  builder.setInsertionPointToStart(&entry.front());
  IRMapping map;
  for (Temporary &temporary : temporaries)
    for (OpOperand &operand : temporary.alloc->getOpOperands()) {
      bringToStart(operand.get(), map);
      operand.set(map.lookup(operand.get()));
    }
  OpFoldResult end = builder.getIndexAttr(0);
  SmallVector<Value> offsets;
  AffineExpr s0 = builder.getAffineSymbolExpr(0), s1 = builder.getAffineSymbolExpr(1);
  for (Slot &slot : slots) {
    offsets.push_back(getValueOrCreateConstantIndexOp(builder, loc, end));
    end = affine::makeComposedFoldedAffineApply(builder, loc, s0 + s1, {end, sizeOf(slot)});
  }
  Value total = getValueOrCreateConstantIndexOp(builder, loc, end);
  Value workspace = bufferFromPointer(builder, loc, entry.getArgument(2),
                                      MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()), {total});
  for (Temporary &temporary : temporaries) {
    memref::AllocOp alloc = temporary.alloc;
    Value view = memref::ViewOp::create(builder, loc, alloc.getType(), workspace, offsets[temporary.slot],
                                        alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
  workspaceFunction(total);
}

/// `prepare` runs once and has no workspace: its temporaries are freed where it ends.
void freeAtEnd(func::FuncOp prepare) {
  bufferization::hoistBuffersFromLoops(prepare);
  OpBuilder builder(prepare.front().getTerminator());
  for (auto alloc : prepare.front().getOps<memref::AllocOp>())
    memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
}

struct PlanArenaPass : impl::PlanArenaPassBase<PlanArenaPass> {
  void runOnOperation() override {
    if (auto entry = getOperation().lookupSymbol<func::FuncOp>("main"))
      ArenaPlanner(entry).run();
    if (auto prepare = getOperation().lookupSymbol<func::FuncOp>("prepare"))
      freeAtEnd(prepare);
  }
};

} // namespace
} // namespace mlir::lamina
