// Decides which structured operations share a kernel.

#include "compiler/kernels/Groups.h"
#include "compiler/Contraction.h"

namespace mlir::lamina {

namespace {

/// The largest row that a group keeps in the cache between its operations.
constexpr int64_t maxRowBytes = 64 * 1024;

/// For each loop of an operation, the root's loop that it runs along with, or -1.
using LoopMap = SmallVector<int64_t>;

struct Member {
  linalg::LinalgOp op;
  LoopMap loops;
};

bool isStructured(Operation &op) { return isa<linalg::LinalgOp>(op) && !isa<linalg::FillOp>(op); }

/// Loops of `producer` in terms of the root's, given how `consumer` reads it; failure when some index is no plain loop.
FailureOr<LoopMap> relate(linalg::LinalgOp producer, OpResult result, Member &consumer, OpOperand &operand) {
  AffineMap read = consumer.op.getMatchingIndexingMap(&operand);
  AffineMap written = producer.getIndexingMapMatchingResult(result);
  LoopMap loops(producer.getNumLoops(), -1);
  for (auto [in, out] : llvm::zip_equal(read.getResults(), written.getResults())) {
    auto inDim = dyn_cast<AffineDimExpr>(in), outDim = dyn_cast<AffineDimExpr>(out);
    if (!inDim || !outDim)
      return failure();
    loops[outDim.getPosition()] = consumer.loops[inDim.getPosition()];
  }
  return loops;
}

/// How many leading loops of the root appear among `loops`.
unsigned sharedPrefix(ArrayRef<int64_t> loops, unsigned limit) {
  unsigned n = 0;
  while (n < limit && llvm::is_contained(loops, n))
    ++n;
  return n;
}

/// Bytes of the part of `result` that one step over the first `shared` loops of the root computes; 0 when unknown.
int64_t rowBytes(linalg::LinalgOp producer, OpResult result, ArrayRef<int64_t> loops, unsigned shared) {
  auto type = cast<RankedTensorType>(result.getType());
  AffineMap map = producer.getIndexingMapMatchingResult(result);
  int64_t bytes = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), type.getShape())) {
    int64_t loop = loops[cast<AffineDimExpr>(expr).getPosition()];
    if (loop >= 0 && loop < shared)
      continue;
    if (ShapedType::isDynamic(size))
      return 0;
    bytes *= size;
  }
  return bytes;
}

bool readsPanels(linalg::LinalgOp op) {
  return llvm::any_of(op.getDpsInputs(),
                      [](Value input) { return input.getDefiningOp<linalg::UnPackOp>() != nullptr; });
}

struct GroupBuilder {
  KernelGroup group;
  SmallVector<Member> members;
  unsigned minimum = 0;

  explicit GroupBuilder(linalg::LinalgOp root) {
    group.root = root;
    group.ops.insert(root);
    LoopMap loops(root.getNumLoops(), -1);
    bool plain = llvm::all_of(root.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); });
    for (auto [i, type] : llvm::enumerate(root.getIteratorTypesArray())) {
      if (type != utils::IteratorType::parallel)
        break;
      loops[i] = i;
      ++group.sharedDims;
    }
    members.push_back({root, loops});
    // Nothing joins a contraction or a window from above: its operands are read many times.
    if (!plain || isContraction(root))
      group.sharedDims = 0;
  }

  /// A panel is as wide as a tile of the producer's last axis, so that must be the root's too.
  bool keepsColumns(linalg::LinalgOp producer, const LoopMap &loops) {
    auto columns = [](linalg::LinalgOp op) {
      AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
      return static_cast<int64_t>(cast<AffineDimExpr>(written.getResults().back()).getPosition());
    };
    return loops[columns(producer)] == columns(group.root);
  }

  bool add(linalg::LinalgOp producer) {
    if (group.sharedDims == 0 || producer->getNumResults() != 1)
      return false;
    OpResult result = producer->getResult(0);
    FailureOr<LoopMap> loops = failure();
    for (OpOperand &use : result.getUses()) {
      auto it = llvm::find_if(members, [&](Member &m) { return m.op == use.getOwner(); });
      if (it == members.end() || !it->op.isDpsInput(&use))
        return false;
      FailureOr<LoopMap> related = relate(producer, result, *it, use);
      if (failed(related))
        return false;
      // Readers need agree on the loops that the group shares only.
      for (int64_t &loop : *related)
        loop = loop < group.sharedDims ? loop : -1;
      if (succeeded(loops) && *loops != *related)
        return false;
      loops = related;
    }
    if (failed(loops))
      return false;
    unsigned shared = sharedPrefix(*loops, group.sharedDims);
    if (shared == 0 || shared < minimum)
      return false;
    bool whole = shared == group.root.getNumLoops();
    if (isContraction(producer)) {
      // Its tile must be the root's register tile, and what is read once more for each tile stay in the cache: a long
      // sum by itself is added up in blocks.
      constexpr int64_t longSum = 8192;
      if (!whole || producer.getNumParallelLoops() != shared ||
          (readsPanels(producer) ? !keepsColumns(producer, *loops) : sumSize(producer).terms >= longSum))
        return false;
    } else if (!whole) {
      int64_t bytes = rowBytes(producer, result, *loops, shared);
      if (bytes == 0 || bytes > maxRowBytes)
        return false;
    }
    if (isContraction(producer))
      minimum = shared;
    group.sharedDims = shared;
    group.ops.insert(producer);
    members.push_back({producer, *loops});
    return true;
  }
};

} // namespace

tensor::InsertSliceOp sinkOf(OpResult result) {
  if (!result.hasOneUse())
    return {};
  auto insert = dyn_cast<tensor::InsertSliceOp>(*result.getUsers().begin());
  if (!insert || insert.getSource() != result || insert->getBlock() != result.getOwner()->getBlock())
    return {};
  // The root's start must be free to be a slice of the destination.
  auto root = cast<linalg::LinalgOp>(result.getOwner());
  if (!isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(root.getDpsInits()[result.getResultNumber()].getDefiningOp()))
    return {};
  if (root->getNumResults() == 1)
    return insert;
  // A kernel with other results stays where it is: the destination must be there already.
  for (Value operand : insert->getOperands().drop_front(1)) {
    Operation *def = operand.getDefiningOp();
    if (def && def->getBlock() == root->getBlock() && !def->isBeforeInBlock(root))
      return {};
  }
  return insert;
}

bool isRepeated(Operation *op) {
  return isa<tensor::EmptyOp, linalg::FillOp, tensor::ExtractSliceOp, linalg::UnPackOp>(op) ||
         op->hasTrait<OpTrait::ConstantLike>();
}

SmallVector<KernelGroup> formGroups(Block &block) {
  SmallVector<KernelGroup> groups;
  DenseSet<Operation *> taken;
  for (Operation &op : llvm::reverse(block)) {
    if (!isStructured(op) || taken.contains(&op))
      continue;
    GroupBuilder builder(cast<linalg::LinalgOp>(op));
    for (OpResult result : op.getResults())
      builder.group.sinks.push_back(sinkOf(result));
    // Nearest producers first: an operation joins once all of its readers have.
    for (Operation &candidate : llvm::reverse(llvm::make_range(block.begin(), op.getIterator())))
      if (isStructured(candidate) && !taken.contains(&candidate) && builder.add(cast<linalg::LinalgOp>(candidate)))
        taken.insert(&candidate);
    taken.insert(&op);
    llvm::SetVector<Operation *> ordered(builder.group.ops.rbegin(), builder.group.ops.rend());
    builder.group.ops = std::move(ordered);
    groups.push_back(std::move(builder.group));
  }
  return SmallVector<KernelGroup>(llvm::reverse(groups));
}

} // namespace mlir::lamina
