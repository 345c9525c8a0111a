// Tiles and fuses a kernel as #lamina.schedule says: items of work, then the root's tile with all producers, then each
// operation's own inner loops. Guarantees that structured operations are as small as their vectors: static, or bounded
// where the vector axis is open.

#include "compiler/Cleanup.h"
#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
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

constexpr llvm::StringLiteral scheduleName = "lamina.schedule";

/// linalg.unpack of one panel is a slice of the packed weights.
struct UnpackPanelToSlice : OpRewritePattern<linalg::UnPackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::UnPackOp op, PatternRewriter &rewriter) const override {
    auto source = cast<RankedTensorType>(op.getSource().getType());
    auto dest = cast<RankedTensorType>(op.getDest().getType());
    ArrayRef<int64_t> tiled = op.getInnerDimsPos(), permutation = op.getOuterDimsPerm();
    int64_t rank = dest.getRank();
    if (tiled.size() != 1 || tiled[0] != rank - 1 || dest.isDynamicDim(rank - 1))
      return failure();
    int64_t previous = -1;
    for (int64_t i = 0; i < rank; ++i) {
      int64_t dim = permutation.empty() ? i : permutation[i];
      if (dim == rank - 1) {
        if (source.getDimSize(i) != 1)
          return failure();
        continue;
      }
      if (dim < previous)
        return failure();
      previous = dim;
    }
    SmallVector<OpFoldResult> offsets(rank + 1, rewriter.getIndexAttr(0)), strides(rank + 1, rewriter.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, op.getLoc(), op.getSource());
    sizes.back() = rewriter.getIndexAttr(dest.getShape().back());
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, dest, op.getSource(), offsets, sizes, strides);
    return success();
  }
};

/// A window loop of extent one leaves a strided slice: x[o * s + k * d] with k = 0 becomes a slice of stride s, so that
/// every operand is read along plain loops.
struct WindowToSlice : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<AffineExpr> units(op.getNumLoops());
    for (unsigned i = 0; i < op.getNumLoops(); ++i)
      units[i] = ranges[i] == 1 ? rewriter.getAffineConstantExpr(0) : rewriter.getAffineDimExpr(i);
    bool changed = false;
    SmallVector<Value> inputs(op.getDpsInputs());
    for (auto [index, input] : llvm::enumerate(op.getDpsInputOperands())) {
      AffineMap &map = maps[index];
      if (map.isProjectedPermutation())
        continue;
      SmallVector<AffineExpr> exprs;
      SmallVector<OpFoldResult> offsets, sizes = tensor::getMixedSizes(rewriter, op.getLoc(), input->get()), strides;
      for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
        int64_t offset = 0, stride = 1;
        AffineExpr reduced = expr;
        if (!isa<AffineDimExpr>(expr)) {
          reduced = simplifyAffineExpr(expr.replaceDims(units), op.getNumLoops(), 0);
          if (auto sum = dyn_cast<AffineBinaryOpExpr>(reduced); sum && sum.getKind() == AffineExprKind::Add)
            if (auto constant = dyn_cast<AffineConstantExpr>(sum.getRHS())) {
              offset = constant.getValue();
              reduced = sum.getLHS();
            }
          if (auto product = dyn_cast<AffineBinaryOpExpr>(reduced); product && product.getKind() == AffineExprKind::Mul)
            if (auto constant = dyn_cast<AffineConstantExpr>(product.getRHS())) {
              stride = constant.getValue();
              reduced = product.getLHS();
            }
          if (auto constant = dyn_cast<AffineConstantExpr>(reduced)) {
            offset += constant.getValue();
            // A loop of extent one of this window stands for the axis, if it walks no other.
            for (unsigned i = 0; i < op.getNumLoops() && !isa<AffineDimExpr>(reduced); ++i)
              if (AffineExpr loop = rewriter.getAffineDimExpr(i);
                  ranges[i] == 1 && expr.isFunctionOfDim(i) && !llvm::is_contained(map.getResults(), loop))
                reduced = loop;
          }
          auto dim = dyn_cast<AffineDimExpr>(reduced);
          if (!dim || stride <= 0)
            return failure();
          int64_t range = ranges[dim.getPosition()];
          if (ShapedType::isDynamic(range))
            return failure();
          sizes[axis] = rewriter.getIndexAttr(range);
        }
        exprs.push_back(reduced);
        offsets.push_back(rewriter.getIndexAttr(offset));
        strides.push_back(rewriter.getIndexAttr(stride));
      }
      AffineMap plain = AffineMap::get(op.getNumLoops(), 0, exprs, getContext());
      if (!plain.isProjectedPermutation())
        return failure();
      inputs[index] = tensor::ExtractSliceOp::create(rewriter, op.getLoc(), input->get(), offsets, sizes, strides);
      map = plain;
      changed = true;
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      for (auto [index, input] : llvm::enumerate(inputs))
        op->setOperand(index, input);
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }
};

/// An input of one element is a scalar to the body, so that elements which it tells where to find lie side by side.
struct UnitInputToScalar : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    // Open columns are masked, which does not fit a read of fewer axes.
    if (op.getBody()->getOps<tensor::ExtractOp>().empty() || op.hasDynamicShape())
      return failure();
    bool changed = false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(input->get().getType());
      BlockArgument element = op.getMatchingBlockArgument(input);
      if (!type || element.use_empty() || !type.hasStaticShape() || type.getNumElements() != 1)
        continue;
      SmallVector<Value> zeros(type.getRank(), arith::ConstantIndexOp::create(rewriter, op.getLoc(), 0));
      Value scalar = tensor::ExtractOp::create(rewriter, op.getLoc(), input->get(), zeros);
      rewriter.replaceAllUsesWith(element, scalar);
      changed = true;
    }
    return success(changed);
  }
};

/// Where a loop of sums meets something else than padding.
struct FilledRange {
  unsigned loop;
  OpFoldResult begin, end;
};

/// The loops of sums of a contraction, one of whose tiles this is, that walk an axis of the padded operand alone.
SmallVector<FilledRange> filledRanges(linalg::LinalgOp op, OpBuilder &b) {
  constexpr int64_t fewProducts = 16;
  auto places = op->getAttrOfType<DenseI64ArrayAttr>("lamina.filled");
  if (!places)
    return {};
  op->removeAttr("lamina.filled");
  OpOperand *operand = op.getDpsInputOperand(0);
  AffineMap map = op.getMatchingIndexingMap(operand);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  int64_t products = 1;
  for (auto [range, type] : llvm::zip_equal(ranges, iterators))
    if (type == utils::IteratorType::reduction)
      products *= ShapedType::isDynamic(range) ? fewProducts : range;
  SmallVector<FilledRange> result;
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    int64_t first = places[2 * axis], last = places[2 * axis + 1];
    std::optional<unsigned> loop;
    bool alone = !isa<AffineDimExpr>(expr) && !ShapedType::isDynamic(last);
    for (unsigned i = 0; i < ranges.size(); ++i) {
      if (!expr.isFunctionOfDim(i) || ranges[i] == 1)
        continue;
      alone &= !loop && iterators[i] == utils::IteratorType::reduction && !ShapedType::isDynamic(ranges[i]);
      loop = i;
    }
    if (!alone || !loop || products / ranges[*loop] < fewProducts)
      continue;
    // The place is offset + step · position.
    SmallVector<AffineExpr> at(ranges.size(), b.getAffineConstantExpr(0));
    auto placeAt = [&](int64_t position) {
      at[*loop] = b.getAffineConstantExpr(position);
      return cast<AffineConstantExpr>(simplifyAffineExpr(expr.replaceDims(at), 0, 0)).getValue();
    };
    int64_t step = placeAt(1) - placeAt(0);
    if (step <= 0 || placeAt(0) != 0)
      continue;
    AffineExpr zero = b.getAffineConstantExpr(0), offset = zero;
    SmallVector<OpFoldResult> symbols;
    Value value = operand->get();
    while (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
      if (slice.getSourceType().getRank() != slice.getType().getRank() || !slice.hasUnitStride())
        return {};
      offset = offset + b.getAffineSymbolExpr(symbols.size());
      symbols.push_back(slice.getMixedOffsets()[axis]);
      value = slice.getSource();
    }
    auto bound = [&](int64_t place) { return (b.getAffineConstantExpr(place) - offset).ceilDiv(step); };
    auto least = AffineMap::get(0, symbols.size(), {bound(first), zero}, b.getContext());
    auto most =
        AffineMap::get(0, symbols.size(), {bound(last), b.getAffineConstantExpr(ranges[*loop])}, b.getContext());
    result.push_back({*loop, affine::makeComposedFoldedAffineMax(b, op.getLoc(), least, symbols),
                      affine::makeComposedFoldedAffineMin(b, op.getLoc(), most, symbols)});
  }
  return result;
}

/// The loops around an operation within its function, innermost first.
SmallVector<scf::ForOp> loopsAround(Operation *op) {
  SmallVector<scf::ForOp> loops;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop; loop = loop->getParentOfType<scf::ForOp>())
    loops.push_back(loop);
  return loops;
}

bool dependsOn(OpFoldResult value, Value induction) {
  auto dynamic = dyn_cast<Value>(value);
  if (!dynamic || dynamic == induction)
    return dynamic == induction;
  Operation *op = dynamic.getDefiningOp();
  return op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, induction); });
}

/// Large weights come from memory in panels of which each is read again for every row of positions. While one is used,
/// a row after another asks for its share of the next.
void prefetchPanels(func::FuncOp kernel) {
  constexpr int64_t largeBytes = 1 << 19, lineBytes = 64;
  kernel.walk([&](linalg::LinalgOp op) {
    if (op.getNumDpsInputs() != 2 || !isContraction(op))
      return;
    auto slice = op.getDpsInputs()[1].getDefiningOp<tensor::ExtractSliceOp>();
    auto read = slice ? slice.getSource().getDefiningOp<bufferization::ToTensorOp>() : bufferization::ToTensorOp();
    if (!read || !slice.hasUnitStride())
      return;
    auto type = cast<MemRefType>(read.getBuffer().getType());
    int64_t bytes = type.getElementTypeBitWidth() / 8, rank = type.getRank();
    if (!type.hasStaticShape() || type.getNumElements() * bytes < largeBytes || rank < 3 ||
        llvm::any_of(
            slice.getStaticSizes().drop_back(), [](int64_t size) { return size != 1; }) ||
        slice.getStaticSizes().back() != type.getDimSize(rank - 1))
      return;
    OpBuilder b(op);
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> offsets = slice.getMixedOffsets();
    AffineExpr pass = b.getAffineConstantExpr(0), panel = b.getAffineSymbolExpr(0), row = pass;
    SmallVector<OpFoldResult> symbols{offsets.front()};
    auto symbol = [&](OpFoldResult value) {
      symbols.push_back(value);
      return b.getAffineSymbolExpr(symbols.size() - 1);
    };
    int64_t passes = 1, panels = 1;
    for (scf::ForOp loop : llvm::reverse(loopsAround(op))) {
      std::optional<int64_t> first = getConstantIntValue(loop.getLowerBound()),
                             last = getConstantIntValue(loop.getUpperBound()),
                             step = getConstantIntValue(loop.getStep());
      auto uses = [&](OpFoldResult offset) { return dependsOn(offset, loop.getInductionVar()); };
      if (llvm::any_of(ArrayRef(offsets).drop_front(), uses))
        continue;
      if (!first || !last || !step || *first != 0)
        continue;
      int64_t trips = llvm::divideCeil(*last, *step);
      if (uses(offsets.front())) {
        panels *= trips;
        continue;
      }
      passes *= trips;
      pass = pass * trips + symbol(loop.getInductionVar()).floorDiv(*step);
    }
    int64_t width = type.getDimSize(rank - 1), rows = 1;
    for (int64_t axis = 1; axis + 1 < rank; ++axis) {
      row = row * type.getDimSize(axis) + symbol(offsets[axis]);
      rows *= type.getDimSize(axis);
    }
    int64_t share = llvm::divideCeil(width, passes);
    if (share * bytes > lineBytes)
      return;
    AffineExpr place = (panel + panels) * (rows * width) + (pass * rows + row) * share;
    auto within =
        AffineMap::get(0, symbols.size(), {place, b.getAffineConstantExpr(type.getNumElements() - 1)}, b.getContext());
    OpFoldResult index = affine::makeComposedFoldedAffineMin(b, loc, within, symbols);
    Value flat;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfter(read);
      ReassociationIndices all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      flat = memref::CollapseShapeOp::create(b, loc, read.getBuffer(), ArrayRef<ReassociationIndices>{all});
    }
    memref::PrefetchOp::create(b, loc, flat, ValueRange{getValueOrCreateConstantIndexOp(b, loc, index)},
                               /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  });
}

/// Few sums wait for each of their terms: several at once are added apart.
void takeSeveralTerms(linalg::LinalgOp op, MutableArrayRef<int64_t> inner) {
  constexpr int64_t fewSums = 64, termsAtOnce = 8;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  int64_t sums = 1;
  for (auto [range, type] : llvm::zip_equal(ranges, iterators))
    if (type == utils::IteratorType::parallel)
      sums *= ShapedType::isDynamic(range) ? fewSums + 1 : range;
  int64_t last = ranges.size() - 1;
  if (isContraction(op) && sums <= fewSums && iterators[last] == utils::IteratorType::reduction && inner[last] == 1 &&
      !ShapedType::isDynamic(ranges[last]) && ranges[last] % termsAtOnce == 0)
    inner[last] = termsAtOnce;
}

class Tiler {
public:
  explicit Tiler(func::FuncOp kernel) : kernel(kernel), rewriter(kernel.getContext()) {}

  LogicalResult run();

private:
  int64_t workPerElement(linalg::LinalgOp root, ArrayRef<int64_t> distribute);
  LogicalResult tileGroup(linalg::LinalgOp root, ArrayRef<int64_t> sizes, ArrayRef<int64_t> order, bool forall);
  LogicalResult tileAlone(linalg::LinalgOp op);
  LogicalResult tileRest(ArrayRef<linalg::LinalgOp> rests, ArrayRef<int64_t> tile);
  void cleanUp();
  SmallVector<linalg::LinalgOp> marked(StringRef mark);

  func::FuncOp kernel;
  IRRewriter rewriter;
};

void Tiler::cleanUp() {
  RewritePatternSet patterns(kernel.getContext());
  scf::populateSCFForLoopCanonicalizationPatterns(patterns);
  tensor::populateMergeConsecutiveInsertExtractSlicePatterns(patterns);
  populateCleanupPatterns(patterns);
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  patterns.add<UnpackPanelToSlice>(kernel.getContext());
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
  constexpr int64_t elementwise = 8, openSum = 64;
  int64_t work = 0, shared = 1;
  kernel.walk([&](linalg::LinalgOp op) {
    if (isa<linalg::FillOp>(op))
      return;
    int64_t points = isContraction(op) ? 1 : elementwise;
    for (auto [range, type] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
      points *= !ShapedType::isDynamic(range) ? range : type == utils::IteratorType::reduction ? openSum : 1;
    work += points;
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

/// The tile of a product's open rows, or 0.
int64_t tileOfOpenRows(linalg::LinalgOp root, ArrayRef<int64_t> tile) {
  bool multiplies = false;
  root->getParentOfType<func::FuncOp>().walk([&](linalg::LinalgOp op) { multiplies |= isContraction(op); });
  AffineMap written = root.getMatchingIndexingMap(root.getDpsInitOperand(0));
  int64_t rows = 0;
  for (auto [loop, range] : llvm::enumerate(root.getStaticLoopRanges()))
    if (multiplies && ShapedType::isDynamic(range) && written.getNumResults() > 1 &&
        !written.getResults().back().isFunctionOfDim(loop))
      rows = std::max(rows, tile[loop]);
  return rows;
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
    if (simplifyAffineExpr(extent - (rewriter.getAffineDimExpr(1) - rewriter.getAffineDimExpr(0)), 3, 0) ==
        rewriter.getAffineConstantExpr(0))
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
/// multiplied with, so fewer than a tile take about as long as one: they are left in threes, then one by one.
void peelLoops(IRRewriter &rewriter, Operation *scope, SmallPtrSetImpl<Operation *> &known, int64_t rows = 0) {
  constexpr int64_t fewRows = 3;
  SmallVector<scf::ForOp> loops;
  scope->walk([&](scf::ForOp loop) {
    if (!known.contains(loop))
      loops.push_back(loop);
  });
  for (scf::ForOp loop : loops) {
    bool isOfRows = rows > fewRows + 1 && getConstantIntValue(loop.getStep()) == rows;
    scf::ForOp rest;
    if (succeeded(scf::peelForLoopAndSimplifyBounds(rewriter, loop, rest)) && isOfRows &&
        shortenSteps(rewriter, rest, fewRows))
      (void)scf::peelForLoopAndSimplifyBounds(rewriter, rest, loop);
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

LogicalResult Tiler::tileAlone(linalg::LinalgOp op) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(scheduleName);
  op->removeAttr(scheduleName);
  SmallPtrSet<Operation *, 16> known;
  kernel.walk([&](scf::ForOp loop) { known.insert(loop); });
  SmallVector<int64_t> inner(schedule.getInner()), partial(schedule.getPartial());
  bool cuts = llvm::any_of(inner, [](int64_t s) { return s > 0; });
  if (cuts) {
    takeSeveralTerms(op, inner);
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    op->setAttr("lamina.inner", rewriter.getUnitAttr());
    if (llvm::any_of(partial, [](int64_t s) { return s > 0; }))
      op->setAttr("lamina.partial", rewriter.getDenseI64ArrayAttr(partial));
    scf::SCFTilingOptions tiling;
    tiling.setTileSizes(getAsIndexOpFoldResult(kernel.getContext(), inner));
    rewriter.setInsertionPoint(op);
    SmallVector<FilledRange> filled = filledRanges(op, rewriter);
    FailureOr<scf::SCFTilingResult> result =
        scf::tileUsingSCF(rewriter, cast<TilingInterface>(op.getOperation()), tiling);
    if (failed(result))
      return op.emitOpError("cannot be tiled as its schedule says");
    for (const FilledRange &range : filled) {
      if (inner[range.loop] != 1)
        continue;
      rewriter.setInsertionPoint(result->loops.front());
      unsigned place = llvm::count_if(ArrayRef(inner).take_front(range.loop), [](int64_t size) { return size > 0; });
      auto loop = cast<scf::ForOp>(result->loops[place].getOperation());
      loop.setLowerBound(getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), range.begin));
      loop.setUpperBound(getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), range.end));
    }
    rewriter.replaceOp(op, result->replacements);
    peelLoops(rewriter, kernel, known);
    cleanUp();
    SmallVector<linalg::LinalgOp> rests = marked("lamina.inner");
    for (linalg::LinalgOp rest : rests)
      rest->removeAttr("lamina.inner");
    if (failed(tileRest(rests, inner)))
      return failure();
    cleanUp();
    return success();
  }
  if (llvm::any_of(partial, [](int64_t s) { return s > 0; }))
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
    peelLoops(rewriter, kernel, known, openRows);
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

  // Vectors of partial results for reductions along a contiguous axis.
  for (SmallVector<linalg::LinalgOp> rest = marked("lamina.partial"); !rest.empty(); rest = marked("lamina.partial")) {
    linalg::LinalgOp op = rest.front();
    SmallVector<int64_t> partial(op->getAttrOfType<DenseI64ArrayAttr>("lamina.partial").asArrayRef());
    op->removeAttr("lamina.partial");
    SmallPtrSet<Operation *, 16> loops;
    kernel.walk([&](scf::ForOp loop) { loops.insert(loop); });
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    bool whole = true;
    for (auto [range, size] : llvm::zip_equal(ranges, partial))
      whole &= size == 0 || range == size;
    if (whole)
      continue;
    bool multiplies = isContraction(op);
    rewriter.setInsertionPoint(op);
    FailureOr<scf::SCFTilingResult> result =
        scf::tileReductionUsingScf(rewriter, cast<PartialReductionOpInterface>(op.getOperation()),
                                   getAsIndexOpFoldResult(kernel.getContext(), partial));
    if (failed(result))
      return op.emitOpError("cannot keep partial results as its schedule says");
    rewriter.replaceOp(op, result->replacements);
    for (Operation *tiled : result->tiledOps)
      if (multiplies && isa<linalg::LinalgOp>(tiled))
        tiled->setAttr("lamina.products", rewriter.getUnitAttr());
    peelLoops(rewriter, kernel, loops);
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
  }
  RewritePatternSet patterns(kernel.getContext());
  patterns.add<WindowToSlice, UnitInputToScalar>(kernel.getContext());
  (void)applyPatternsGreedily(kernel, std::move(patterns));
  cleanUp();
  return success();
}

struct TilePass : impl::TilePassBase<TilePass> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr("lamina.kernel"))
      return;
    if (failed(Tiler(getOperation()).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace mlir::lamina
