// Tiles and fuses a kernel as #lamina.schedule says: items of work, then the root's tile with all producers, then each
// operation's own inner loops. Guarantees that structured operations are as small as their vectors: static, or bounded
// where the vector axis is open.

#include "compiler/Cleanup.h"
#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "compiler/tile/Products.h"
#include "compiler/tile/TilePatterns.h"
#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_TILEPASS
#include "compiler/Passes.h.inc"

namespace {

bool takesLargestNumber(linalg::LinalgOp op) {
  return isa_and_nonnull<arith::MaxNumFOp>(op.getBlock()->getTerminator()->getOperand(0).getDefiningOp());
}

constexpr llvm::StringLiteral scheduleName = "lamina.schedule";

class Tiler {
public:
  Tiler(func::FuncOp kernel, int64_t vectorBytes)
      : kernel(kernel), vectorBytes(vectorBytes), rewriter(kernel.getContext()) {}

  LogicalResult run();

private:
  int64_t workPerElement(linalg::LinalgOp root, ArrayRef<int64_t> distribute);
  LogicalResult tileGroup(linalg::LinalgOp root, ArrayRef<int64_t> sizes, ArrayRef<int64_t> order, bool forall);
  LogicalResult tileAlone(linalg::LinalgOp op);
  void boundLoops(ArrayRef<FilledRange> filled, ArrayRef<int64_t> sizes, ArrayRef<LoopLikeOpInterface> loops);
  LogicalResult keepPartial(linalg::LinalgOp op, ArrayRef<int64_t> partial);
  LogicalResult tileRest(ArrayRef<linalg::LinalgOp> rests, ArrayRef<int64_t> tile);
  void cleanUp();
  SmallVector<linalg::LinalgOp> marked(StringRef mark);

  func::FuncOp kernel;
  int64_t vectorBytes;
  IRRewriter rewriter;
};

void Tiler::cleanUp() {
  RewritePatternSet patterns(kernel.getContext());
  scf::populateSCFForLoopCanonicalizationPatterns(patterns);
  tensor::populateMergeConsecutiveInsertExtractSlicePatterns(patterns);
  populateCleanupPatterns(patterns);
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  populatePanelPatterns(patterns);
  (void)applyPatternsGreedily(kernel, std::move(patterns));
  DominanceInfo dominance(kernel);
  eliminateCommonSubExpressions(rewriter, dominance, kernel);
}

SmallVector<linalg::LinalgOp> Tiler::marked(StringRef mark) {
  SmallVector<linalg::LinalgOp> ops;
  kernel.walk([&](linalg::LinalgOp op) {
    if (op->hasAttr(mark))
      ops.push_back(op);
  });
  return ops;
}

/// About how many multiplications an element of the loops that threads share costs. Those are as they are at run time;
/// other open loops are guesses.
int64_t Tiler::workPerElement(linalg::LinalgOp root, ArrayRef<int64_t> distribute) {
  int64_t work = 0, shared = 1;
  kernel.walk([&](linalg::LinalgOp op) {
    if (!isa<linalg::FillOp>(op))
      work += workOf(op);
  });
  for (auto [range, size] : llvm::zip(root.getStaticLoopRanges(), distribute))
    if (size && !ShapedType::isDynamic(range))
      shared *= range;
  return std::max<int64_t>(1, work / shared);
}

LogicalResult Tiler::tileGroup(linalg::LinalgOp root, ArrayRef<int64_t> sizes, ArrayRef<int64_t> order, bool forall) {
  int64_t work = forall ? workPerElement(root, sizes) : 0;
  scf::SCFTilingOptions tiling;
  tiling.setTileSizes(getAsIndexOpFoldResult(kernel.getContext(), sizes));
  tiling.setInterchange(order);
  tiling.setLoopType(forall ? scf::SCFTilingOptions::LoopType::ForallOp : scf::SCFTilingOptions::LoopType::ForOp);
  scf::SCFTileAndFuseOptions options;
  options.setTilingOptions(tiling);
  // What a sum begins with is written before its first block.
  bool blocked = llvm::any_of(llvm::zip(sizes, root.getIteratorTypesArray()), [](auto loop) {
    return std::get<0>(loop) > 0 && std::get<1>(loop) == utils::IteratorType::reduction;
  });
  if (blocked)
    options.setFusionControlFn([](tensor::ExtractSliceOp, OpResult producer,
                                  bool isDestination) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
      if (isDestination)
        return std::nullopt;
      return scf::SCFTileAndFuseOptions::ControlFnResult{};
    });
  rewriter.setInsertionPoint(root);
  FailureOr<scf::SCFTileAndFuseResult> result =
      scf::tileConsumerAndFuseProducersUsingSCF(rewriter, cast<TilingInterface>(root.getOperation()), options);
  if (failed(result))
    return root.emitOpError("cannot be tiled as its schedule says");
  if (forall)
    result->loops.front()->setAttr("lamina.work", rewriter.getIndexAttr(work));
  for (OpResult value : root->getResults())
    if (Value replacement = result->replacements.lookup(value))
      rewriter.replaceAllUsesWith(value, replacement);
  if (root->use_empty())
    rewriter.eraseOp(root);
  return success();
}

/// Takes a loop of one last turn, whose extent is what is left, in shorter steps.
bool shortenSteps(IRRewriter &rewriter, scf::ForOp loop, int64_t step) {
  Value induction = loop.getInductionVar(), end = loop.getUpperBound();
  SmallVector<affine::AffineApplyOp> extents;
  loop.walk([&](affine::AffineApplyOp op) {
    SmallVector<AffineExpr> dims, symbols;
    for (auto [i, operand] : llvm::enumerate(op.getMapOperands()))
      (i < op.getAffineMap().getNumDims() ? dims : symbols)
          .push_back(rewriter.getAffineDimExpr(operand == induction ? 0
                                               : operand == end     ? 1
                                                                    : 2));
    AffineExpr extent = op.getAffineMap().getResult(0).replaceDimsAndSymbols(dims, symbols);
    AffineExpr last = rewriter.getAffineDimExpr(1), zero = rewriter.getAffineConstantExpr(0);
    if (std::optional<int64_t> known = getConstantIntValue(end))
      extent = extent.replace(last, rewriter.getAffineConstantExpr(*known)),
      last = rewriter.getAffineConstantExpr(*known);
    if (simplifyAffineExpr(extent - (last - rewriter.getAffineDimExpr(0)), 3, 0) == zero)
      extents.push_back(op);
  });
  if (extents.empty())
    return false;
  rewriter.setInsertionPoint(loop);
  loop.setStep(arith::ConstantIndexOp::create(rewriter, loop.getLoc(), step));
  AffineExpr d0 = rewriter.getAffineDimExpr(0), d1 = rewriter.getAffineDimExpr(1);
  for (affine::AffineApplyOp extent : extents) {
    rewriter.setInsertionPoint(extent);
    auto map = AffineMap::get(2, 0, {d1 - d0, rewriter.getAffineConstantExpr(step)}, rewriter.getContext());
    rewriter.replaceOpWithNewOp<affine::AffineMinOp>(extent, map, ValueRange{induction, end});
  }
  return true;
}

/// Splits off the last, partial turn of every loop that is not `known`. Of `rows`, several share what they are
/// multiplied with, so fewer than a tile take about as long as one: they are left in threes, then one by one. Of what
/// is left of columns in tiles of several vectors, of so many `lanes`, whole vectors go by themselves: LLVM would widen
/// the odd one.
void peelLoops(IRRewriter &rewriter, Operation *scope, SmallPtrSetImpl<Operation *> &known, int64_t lanes,
               int64_t rows = 0) {
  constexpr int64_t fewRows = 3;
  SmallVector<scf::ForOp> loops;
  scope->walk([&](scf::ForOp loop) {
    if (!known.contains(loop))
      loops.push_back(loop);
  });
  for (scf::ForOp loop : loops) {
    bool isOfRows = rows > fewRows + 1 && getConstantIntValue(loop.getStep()) == rows;
    bool isOfVectors = lanes > 0 && getConstantIntValue(loop.getStep()).value_or(1) % lanes == 0;
    for (scf::ForOp rest; succeeded(scf::peelForLoopAndSimplifyBounds(rewriter, loop, rest)); loop = rest) {
      std::optional<int64_t> begin = getConstantIntValue(rest.getLowerBound()),
                             end = getConstantIntValue(rest.getUpperBound());
      int64_t left = begin && end ? *end - *begin : 0, step = 0;
      if (isOfRows)
        step = fewRows;
      else if (isOfVectors && left && wholeVectors(left, lanes) != left)
        step = wholeVectors(left, lanes);
      if (!step || !shortenSteps(rewriter, rest, step))
        break;
      isOfRows = false;
    }
  }
}

/// Cuts what peeling left over: open rows one by one, an open vector axis of elementwise operations by one masked
/// vector.
LogicalResult Tiler::tileRest(ArrayRef<linalg::LinalgOp> rests, ArrayRef<int64_t> tile) {
  // Accumulators are never masked.
  bool reduces = false;
  kernel.walk([&](linalg::LinalgOp op) { reduces |= op.getNumReductionLoops() > 0; });
  for (linalg::LinalgOp rest : rests) {
    SmallVector<int64_t> ranges = rest.getStaticLoopRanges();
    SmallVector<int64_t> sizes(ranges.size(), 0);
    bool open = false;
    int64_t vectorLoop = -1;
    AffineMap written = rest.getMatchingIndexingMap(rest.getDpsInitOperand(0));
    if (written.getNumResults())
      if (auto dim = dyn_cast<AffineDimExpr>(written.getResults().back()))
        vectorLoop = dim.getPosition();
    // Nor are vectors that run across an operand's rows.
    bool crosses = vectorLoop >= 0 && llvm::any_of(rest.getIndexingMapsArray(), [&](AffineMap map) {
                     return map.isFunctionOfDim(vectorLoop) && !map.getResults().back().isFunctionOfDim(vectorLoop);
                   });
    for (unsigned i = 0; i < ranges.size(); ++i) {
      if (!ShapedType::isDynamic(ranges[i]) || i >= tile.size() || tile[i] == 0)
        continue;
      open = true;
      sizes[i] = (int64_t)i == vectorLoop && !reduces && !crosses ? std::min<int64_t>(tile[i], 16) : 1;
    }
    if (open && failed(tileGroup(rest, sizes, {}, /*forall=*/false)))
      return failure();
  }
  return success();
}

/// Walks only the places of the loops that are not known to be zero.
void Tiler::boundLoops(ArrayRef<FilledRange> filled, ArrayRef<int64_t> sizes, ArrayRef<LoopLikeOpInterface> loops) {
  for (const FilledRange &range : filled) {
    if (sizes[range.loop] != 1)
      continue;
    unsigned place = llvm::count_if(sizes.take_front(range.loop), [](int64_t size) { return size > 0; });
    LoopLikeOpInterface around = loops[place];
    auto loop = cast<scf::ForOp>(around.getOperation());
    LoopLikeOpInterface outermost = loops.front();
    rewriter.setInsertionPoint(outermost);
    loop.setLowerBound(getValueOrCreateConstantIndexOp(rewriter, loop.getLoc(), range.begin));
    loop.setUpperBound(getValueOrCreateConstantIndexOp(rewriter, loop.getLoc(), range.end));
  }
}

/// Adds up vectors of partial results in reductions along a contiguous axis, which are added up at the end.
LogicalResult Tiler::keepPartial(linalg::LinalgOp op, ArrayRef<int64_t> partial) {
  SmallPtrSet<Operation *, 16> loops;
  kernel.walk([&](scf::ForOp loop) { loops.insert(loop); });
  bool multiplies = isContraction(op);
  rewriter.setInsertionPoint(op);
  SmallVector<FilledRange> filled = filledRanges(op, rewriter);
  FailureOr<scf::SCFTilingResult> result =
      scf::tileReductionUsingScf(rewriter, cast<PartialReductionOpInterface>(op.getOperation()),
                                 getAsIndexOpFoldResult(kernel.getContext(), partial));
  if (failed(result))
    return op.emitOpError("cannot keep partial results as its schedule says");
  // NaN is neutral to the largest number, but is none.
  if (takesLargestNumber(op))
    for (Value initial : result->initialValues)
      if (auto fill = initial.getDefiningOp<linalg::FillOp>()) {
        rewriter.setInsertionPoint(fill);
        auto type = cast<FloatType>(getElementTypeOrSelf(initial));
        Value least = arith::ConstantFloatOp::create(rewriter, op.getLoc(), type,
                                                     APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true));
        rewriter.modifyOpInPlace(fill, [&] { fill.getInputsMutable().assign(least); });
      }
  boundLoops(filled, partial, result->loops);
  rewriter.replaceOp(op, result->replacements);
  for (Operation *tiled : result->tiledOps)
    if (multiplies && isa<linalg::LinalgOp>(tiled))
      tiled->setAttr("lamina.products", rewriter.getUnitAttr());
  peelLoops(rewriter, kernel, loops, /*lanes=*/0);
  cleanUp();
  // Masks stay out of products: what peeling left over is cut to single elements.
  for (linalg::LinalgOp part : marked("lamina.products")) {
    part->removeAttr("lamina.products");
    SmallVector<int64_t> sizes = llvm::map_to_vector(
        part.getStaticLoopRanges(), [](int64_t range) -> int64_t { return ShapedType::isDynamic(range); });
    if (llvm::is_contained(sizes, 1) && failed(tileGroup(part, sizes, {}, /*forall=*/false)))
      return failure();
  }
  cleanUp();
  return success();
}

LogicalResult Tiler::tileAlone(linalg::LinalgOp op) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(scheduleName);
  op->removeAttr(scheduleName);
  SmallPtrSet<Operation *, 16> known;
  kernel.walk([&](scf::ForOp loop) { known.insert(loop); });
  SmallVector<int64_t> inner(schedule.getInner()), partial(schedule.getPartial());
  auto isCut = [](int64_t size) { return size > 0; };
  bool cuts = llvm::any_of(inner, isCut);
  if (cuts && isContraction(op) && llvm::any_of(partial, isCut)) {
    // Partial results of products last for all loops of their sums.
    for (auto [size, other] : llvm::zip_equal(partial, inner))
      size = size ? size : other;
    return keepPartial(op, partial);
  }
  if (cuts) {
    takeSeveralTerms(op, inner);
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    op->setAttr("lamina.inner", rewriter.getUnitAttr());
    if (llvm::any_of(partial, isCut))
      op->setAttr("lamina.partial", rewriter.getDenseI64ArrayAttr(partial));
    scf::SCFTilingOptions tiling;
    tiling.setTileSizes(getAsIndexOpFoldResult(kernel.getContext(), inner));
    rewriter.setInsertionPoint(op);
    SmallVector<FilledRange> filled = filledRanges(op, rewriter);
    FailureOr<scf::SCFTilingResult> result =
        scf::tileUsingSCF(rewriter, cast<TilingInterface>(op.getOperation()), tiling);
    if (failed(result))
      return op.emitOpError("cannot be tiled as its schedule says");
    boundLoops(filled, inner, result->loops);
    rewriter.replaceOp(op, result->replacements);
    peelLoops(rewriter, kernel, known, vectorBytes / 4);
    cleanUp();
    SmallVector<linalg::LinalgOp> rests = marked("lamina.inner");
    for (linalg::LinalgOp rest : rests)
      rest->removeAttr("lamina.inner");
    if (failed(tileRest(rests, inner)))
      return failure();
    cleanUp();
    return success();
  }
  if (llvm::any_of(partial, isCut))
    op->setAttr("lamina.partial", rewriter.getDenseI64ArrayAttr(partial));
  return success();
}

LogicalResult Tiler::run() {
  linalg::LinalgOp root;
  for (linalg::LinalgOp op : marked(scheduleName)) {
    auto schedule = op->getAttrOfType<ScheduleAttr>(scheduleName);
    if (!schedule.getTile().empty())
      root = op;
  }
  if (!root)
    return success();
  auto schedule = root->getAttrOfType<ScheduleAttr>(scheduleName);
  auto hasCut = [](ArrayRef<int64_t> sizes) { return llvm::any_of(sizes, [](int64_t s) { return s > 0; }); };
  root->setAttr("lamina.root", rewriter.getUnitAttr());
  if (hasCut(schedule.getDistribute())) {
    if (failed(tileGroup(root, schedule.getDistribute(), {}, /*forall=*/true)))
      return failure();
    cleanUp();
    root = marked("lamina.root").front();
  }
  SmallPtrSet<Operation *, 16> known;
  kernel.walk([&](scf::ForOp loop) { known.insert(loop); });
  if (hasCut(schedule.getTile())) {
    int64_t openRows = tileOfOpenRows(root, schedule.getTile());
    if (failed(tileGroup(root, schedule.getTile(), schedule.getOrder(), /*forall=*/false)))
      return failure();
    cleanUp();
    peelLoops(rewriter, kernel, known, vectorBytes / 4, openRows);
    cleanUp();
    if (failed(tileRest(marked("lamina.root"), schedule.getTile())))
      return failure();
    cleanUp();
  }
  for (linalg::LinalgOp op : marked("lamina.root"))
    op->removeAttr("lamina.root");
  // Looked up anew each time: cleaning up may replace operations that wait.
  for (SmallVector<linalg::LinalgOp> rest = marked(scheduleName); !rest.empty(); rest = marked(scheduleName))
    if (failed(tileAlone(rest.front())))
      return failure();

  prefetchPanels(kernel);

  for (SmallVector<linalg::LinalgOp> rest = marked("lamina.partial"); !rest.empty(); rest = marked("lamina.partial")) {
    linalg::LinalgOp op = rest.front();
    SmallVector<int64_t> partial(op->getAttrOfType<DenseI64ArrayAttr>("lamina.partial").asArrayRef());
    op->removeAttr("lamina.partial");
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    bool whole = llvm::all_of(llvm::zip_equal(ranges, partial), [](auto loop) {
      return std::get<1>(loop) == 0 || std::get<0>(loop) == std::get<1>(loop);
    });
    if (!whole && failed(keepPartial(op, partial)))
      return failure();
  }
  RewritePatternSet patterns(kernel.getContext());
  populateOperandPatterns(patterns);
  (void)applyPatternsGreedily(kernel, std::move(patterns));
  cleanUp();
  return success();
}

struct TilePass : impl::TilePassBase<TilePass> {
  using TilePassBase::TilePassBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr("lamina.kernel"))
      return;
    if (failed(Tiler(getOperation(), vectorBytes).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::lamina
