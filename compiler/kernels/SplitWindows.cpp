// Reads windows that lie side by side, as those of most pooling layers do, as axes of their own, where an axis has too
// few channels for a vector. Guarantees that what is left is a sum over rows in one piece, with its loops in their
// order.

#include "compiler/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_SPLITWINDOWSPASS
#include "compiler/Passes.h.inc"

namespace {

/// The loops of position and place within a window of which an axis is made up: position * places + place.
struct Window {
  unsigned position, place;
};

class WindowSplitter {
public:
  WindowSplitter(linalg::GenericOp op, int64_t vectorBytes) : op(op), lanes(vectorBytes / 4) {}

  void run();

private:
  std::optional<Window> windowOf(AffineExpr expr, int64_t size);

  linalg::GenericOp op;
  int64_t lanes;
};

std::optional<Window> WindowSplitter::windowOf(AffineExpr expr, int64_t size) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<unsigned> positions, places;
  for (unsigned loop = 0; loop < ranges.size(); ++loop)
    if (expr.isFunctionOfDim(loop))
      (iterators[loop] == utils::IteratorType::parallel ? positions : places).push_back(loop);
  if (positions.size() != 1 || places.size() != 1)
    return std::nullopt;
  Window window{positions.front(), places.front()};
  int64_t count = ranges[window.position], width = ranges[window.place];
  MLIRContext *context = op.getContext();
  AffineExpr whole = getAffineDimExpr(window.position, context) * width + getAffineDimExpr(window.place, context);
  bool isWhole = !ShapedType::isDynamic(size) && !ShapedType::isDynamic(count) && size == count * width &&
                 simplifyAffineExpr(expr - whole, ranges.size(), 0) == getAffineConstantExpr(0, context);
  return isWhole ? std::optional(window) : std::nullopt;
}

void WindowSplitter::run() {
  if (op.getNumReductionLoops() == 0 || op->getNumResults() != 1 || op.hasIndexSemantics())
    return;
  // Operands that are not read say how large the window is.
  OpOperand *image = nullptr;
  for (OpOperand *input : op.getDpsInputOperands())
    if (!op.getMatchingBlockArgument(input).use_empty()) {
      if (image)
        return;
      image = input;
    }
  auto type = image ? dyn_cast<RankedTensorType>(image->get().getType()) : RankedTensorType();
  if (!type || type.getRank() < 2 || type.isDynamicDim(type.getRank() - 1) || type.getShape().back() >= lanes)
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  AffineMap map = op.getMatchingIndexingMap(image);
  SmallVector<AffineExpr> exprs;
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape, ranges = op.getStaticLoopRanges();
  auto add = [&](AffineExpr expr, int64_t extent) {
    groups.back().push_back(exprs.size());
    exprs.push_back(expr);
    shape.push_back(extent);
  };
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    groups.emplace_back();
    if (isa<AffineDimExpr>(expr)) {
      add(expr, type.getDimSize(axis));
      continue;
    }
    std::optional<Window> window = windowOf(expr, type.getDimSize(axis));
    if (!window)
      return;
    for (unsigned loop : {window->position, window->place})
      add(b.getAffineDimExpr(loop), ranges[loop]);
  }
  llvm::SmallDenseSet<AffineExpr> walked(exprs.begin(), exprs.end());
  if (exprs.size() == map.getNumResults() || exprs.size() != ranges.size() || walked.size() != ranges.size())
    return;
  Value rows = tensor::ExpandShapeOp::create(b, loc, type.clone(shape), image->get(), groups);
  for (int64_t i = op.getNumDpsInputs() - 1; i >= 0; --i)
    if (OpOperand *input = op.getDpsInputOperand(i); input != image)
      op.getBody()->eraseArgument(i);
  // Loops in the order of what they read, so that vectors need not be turned.
  SmallVector<AffineExpr> renamed(ranges.size());
  SmallVector<utils::IteratorType> iterators, old = op.getIteratorTypesArray();
  for (AffineExpr expr : exprs) {
    unsigned loop = cast<AffineDimExpr>(expr).getPosition();
    renamed[loop] = b.getAffineDimExpr(iterators.size());
    iterators.push_back(old[loop]);
  }
  SmallVector<AffineExpr> written;
  for (AffineExpr expr : op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults())
    written.push_back(expr.replaceDims(renamed));
  SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(exprs.size()),
                              AffineMap::get(exprs.size(), 0, written, b.getContext())};
  auto sum =
      linalg::GenericOp::create(b, loc, op.getResultTypes(), ValueRange{rows}, op.getDpsInits(), maps, iterators);
  sum->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  sum.getRegion().takeBody(op.getRegion());
  op.replaceAllUsesWith(sum.getResults());
  op.erase();
}

struct SplitWindowsPass : impl::SplitWindowsPassBase<SplitWindowsPass> {
  using SplitWindowsPassBase::SplitWindowsPassBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr("lamina.kernel"))
      return;
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops)
      WindowSplitter(op, vectorBytes).run();
  }
};

} // namespace
} // namespace mlir::lamina
