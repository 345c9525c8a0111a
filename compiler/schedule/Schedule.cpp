// Chooses tile sizes for every operation of a kernel and writes them as #lamina.schedule. Decides everything that the
// passes below do; changes nothing else.

#include "compiler/schedule/Scheduler.h"

#include "compiler/Contraction.h"
#include "compiler/Passes.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "compiler/Passes.h.inc"

int64_t lastLoop(AffineMap map) {
  for (AffineExpr expr : llvm::reverse(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return dim.getPosition();
    if (!isa<AffineConstantExpr>(expr))
      return -1;
  }
  return -1;
}

Access accessOf(linalg::LinalgOp op) {
  Access access;
  access.result = lastLoop(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<RankedTensorType>(input->get().getType()))
      access.inputs.push_back(lastLoop(op.getMatchingIndexingMap(input)));
  return access;
}

namespace {

/// Whether an input is read again for other results.
bool reusesFactors(linalg::LinalgOp op) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    AffineMap map = op.getMatchingIndexingMap(input);
    return llvm::any_of(llvm::seq(op.getNumLoops()), [&](unsigned loop) {
      return op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel && !map.isFunctionOfDim(loop);
    });
  });
}

} // namespace

/// A row tile that divides a known size where possible, so that no rest remains.
int64_t Scheduler::rows(int64_t size, int64_t best) const {
  if (ShapedType::isDynamic(size))
    return best;
  if (size <= best + 2)
    return size;
  for (int64_t candidate : {best, best - 1, best + 1, best - 2, best + 2, best - 3})
    if (candidate > 1 && size % candidate == 0)
      return candidate;
  return best;
}

/// A column tile of whole vectors; a short axis is one tile.
int64_t Scheduler::columns(int64_t size, int64_t lanes, int64_t vectors) const {
  int64_t most = lanes * vectors;
  if (!ShapedType::isDynamic(size)) {
    if (size <= most)
      return size;
    for (int64_t n = vectors; n > 1; n /= 2)
      if (size % (lanes * n) == 0)
        return lanes * n;
  }
  return most;
}

void Scheduler::write(linalg::LinalgOp op, Sizes distribute, Sizes tile, Sizes order, Sizes inner, Sizes partial) {
  op->setAttr("lamina.schedule", ScheduleAttr::get(op->getContext(), distribute, tile, order, inner, partial));
}

/// Cuts the root's outer loops into items of work for threads, large enough that handing one out costs little.
Scheduler::Sizes Scheduler::distribute(linalg::LinalgOp root, ArrayRef<int64_t> tile, int64_t workPerElement,
                                       unsigned limit) {
  constexpr int64_t itemWork = 1 << 19;
  Sizes sizes(root.getNumLoops(), 0);
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  int64_t inside = std::max<int64_t>(1, workPerElement);
  for (unsigned i = 0; i < root.getNumLoops(); ++i)
    inside *= ShapedType::isDynamic(ranges[i]) ? 1 : ranges[i];
  // From the outermost loop inwards, cut until an item is small enough.
  for (unsigned i = 0; i < limit && inside > itemWork / 2; ++i) {
    if (root.getIteratorTypesArray()[i] != utils::IteratorType::parallel)
      break;
    int64_t range = ranges[i];
    int64_t below = ShapedType::isDynamic(range) ? inside : inside / range;
    int64_t step = std::max<int64_t>(1, itemWork / std::max<int64_t>(1, below));
    int64_t unit = std::max<int64_t>(1, i < tile.size() ? tile[i] : 1);
    step = std::max<int64_t>(unit, step / unit * unit);
    if (!ShapedType::isDynamic(range)) {
      if (step >= range)
        break;
      // A rest of open size would need masks.
      while (step > unit && range % step)
        step -= unit;
      if (range % step)
        break;
    }
    sizes[i] = step;
    inside = below * step;
  }
  if (llvm::all_of(sizes, [](int64_t s) { return s == 0; }) && limit > 0 && ShapedType::isDynamic(ranges[0]) &&
      root.getIteratorTypesArray()[0] == utils::IteratorType::parallel) {
    int64_t unit = std::max<int64_t>(1, tile.empty() ? 1 : tile[0]);
    sizes[0] = std::max<int64_t>(unit, itemWork / inside / unit * unit);
  }
  return sizes;
}

void Scheduler::run() {
  linalg::LinalgOp root;
  SmallVector<linalg::LinalgOp> contractions;
  kernel.walk([&](linalg::LinalgOp op) {
    if (isa<linalg::FillOp>(op))
      return;
    // A sum of everything has no columns to tile, and where every product has factors of its own a tile reuses nothing.
    if (isContraction(op) && accessOf(op).result >= 0 && reusesFactors(op))
      contractions.push_back(op);
    if (op->hasAttr("lamina.shared_dims"))
      root = op;
  });
  if (!root)
    return;
  unsigned shared = root->getAttrOfType<IntegerAttr>("lamina.shared_dims").getInt();
  root->removeAttr("lamina.shared_dims");
  // What has no elements stays as it is.
  WalkResult empty = kernel.walk([](linalg::LinalgOp op) {
    return llvm::is_contained(op.getStaticLoopRanges(), 0) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (empty.wasInterrupted())
    return;
  if (contractions.empty())
    return scheduleRows(root, shared);
  kernel.walk([&](linalg::UnPackOp unpack) { panel = unpack.getStaticInnerTiles()[0]; });
  // The last contraction decides the root's tile, every one its own inner loops.
  for (linalg::LinalgOp contraction : contractions)
    scheduleContraction(root, contraction);
}

namespace {

struct SchedulePass : impl::SchedulePassBase<SchedulePass> {
  using SchedulePassBase::SchedulePassBase;

  void runOnOperation() override {
    if (getOperation()->hasAttr("lamina.kernel"))
      Scheduler(getOperation(), vectorBytes, registers).run();
  }
};

} // namespace
} // namespace mlir::lamina
