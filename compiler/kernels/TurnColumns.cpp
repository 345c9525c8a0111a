// Gives sums whose last axis has too few elements for a vector another axis last, along which vectors run: one whose
// elements lie side by side in an operand, or the positions of a window, for which the operand is turned as well.
// Guarantees that what reads the result elementwise reads it turned, without a copy.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "compiler/kernels/PartialSums.h"
#include "compiler/kernels/Turned.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_TURNCOLUMNSPASS
#include "compiler/Passes.h.inc"

namespace {

/// The axis of an operand that moves one element with the loop, alone or as the positions of a window.
std::optional<unsigned> axisAlong(AffineMap map, unsigned loop) {
  std::optional<unsigned> axis;
  AffineExpr dim = getAffineDimExpr(loop, map.getContext());
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    AffineExpr rest = simplifyAffineExpr(expr - dim, map.getNumDims(), 0);
    if (axis || rest.isFunctionOfDim(loop))
      return std::nullopt;
    axis = i;
  }
  return axis;
}

int64_t termsOf(linalg::GenericOp op) {
  int64_t terms = 1;
  for (auto [range, iterator] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction && !ShapedType::isDynamic(range))
      terms *= range;
  return terms;
}

struct TurnColumnsPass : impl::TurnColumnsPassBase<TurnColumnsPass> {
  using TurnColumnsPassBase::TurnColumnsPassBase;

  /// The loop of the result that has its elements side by side in an operand, for a long sum.
  std::optional<unsigned> wideLoop(linalg::GenericOp op, unsigned narrow) {
    constexpr int64_t manyTerms = 64;
    if (termsOf(op) < manyTerms)
      return std::nullopt;
    AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    std::optional<unsigned> wide;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap read = op.getMatchingIndexingMap(operand);
      if (read.getNumResults() == 0)
        continue;
      auto last = dyn_cast<AffineDimExpr>(read.getResults().back());
      if (!last || !written.getResultPosition(last) || read.isFunctionOfDim(narrow))
        continue;
      if (int64_t range = op.getStaticLoopRanges()[last.getPosition()]; !ShapedType::isDynamic(range) && range >= lanes)
        wide = last.getPosition();
    }
    return wide;
  }

  /// Whether a loop is the positions of a window, next to each other in the first operand, and vectors should run along
  /// it: long sums over channels that fill vectors run along those.
  bool isPosition(linalg::GenericOp op, unsigned loop) {
    constexpr int64_t fewestTerms = 9, longSum = 256;
    int64_t terms = termsOf(op);
    auto image = cast<RankedTensorType>(op.getDpsInputs()[0].getType());
    return terms >= fewestTerms && (image.getShape().back() < lanes || terms < longSum) && isWindowed(op, loop) &&
           axisAlong(op.getMatchingIndexingMap(op.getDpsInputOperand(0)), loop) &&
           !op.getMatchingIndexingMap(op.getDpsInputOperand(1)).isFunctionOfDim(loop);
  }

  /// The loop of positions that a gradient of few results is summed along: next to each other in the second operand
  /// and in windows of the first, of which several rows share a row of the second.
  std::optional<unsigned> summedLoop(linalg::GenericOp op, unsigned column, int64_t columns) {
    constexpr int64_t mostResults = 1 << 14;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    AffineMap image = op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
              other = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
    if (!isSum(op) || !type.hasStaticShape() || type.getNumElements() > mostResults ||
        columns > (image.isFunctionOfDim(column) ? lanes / 5 : lanes / 2))
      return std::nullopt;
    std::optional<unsigned> innermost;
    for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray())) {
      int64_t range = op.getStaticLoopRanges()[loop];
      std::optional<unsigned> axis = axisAlong(image, loop);
      int64_t rows = 1;
      for (auto [row, type] : llvm::enumerate(op.getIteratorTypesArray()))
        if (axis && type == utils::IteratorType::parallel && image.isFunctionOfDim(row) &&
            !image.getResult(*axis).isFunctionOfDim(row) && !other.isFunctionOfDim(row))
          rows *= op.getStaticLoopRanges()[row];
      if (rows > 1 && iterator == utils::IteratorType::reduction && isWindowed(op, loop) && axis &&
          axisAlong(other, loop) && !ShapedType::isDynamic(range) && range >= lanes &&
          !cast<ShapedType>(op.getDpsInputs()[0].getType()).isDynamicDim(*axis))
        innermost = loop;
    }
    return innermost;
  }

  /// The operand with this axis last, and `more` zeros at its end; of a padded one its source is turned.
  void turnOperand(linalg::GenericOp op, OpOperand *operand, unsigned axis, int64_t more) {
    OpBuilder builder(op);
    Value value = operand->get();
    Location loc = value.getLoc();
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    bool isLast = axis + 1 == rank;
    if (isLast && more == 0)
      return;
    SmallVector<int64_t> order = withLast(rank, axis);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap &map = maps[operand->getOperandNumber()];
    map = AffineMap::get(map.getNumDims(), 0, applyPermutation(map.getResults(), order), &getContext());
    op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
    builder.setInsertionPointAfterValue(value);
    SmallVector<OpFoldResult> low(rank, builder.getIndexAttr(0)), high = low;
    auto pad = value.getDefiningOp<tensor::PadOp>();
    bool isPadded =
        pad && pad.getConstantPaddingValue() && matchPattern(pad.getConstantPaddingValue(), m_AnyZeroFloat());
    if (isPadded) {
      value = pad.getSource();
      low = applyPermutation(pad.getMixedLowPad(), order);
      high = applyPermutation(pad.getMixedHighPad(), order);
    }
    if (!isLast)
      value = turned(builder, value, order);
    if (isPadded || more) {
      if (more)
        high.back() =
            affine::makeComposedFoldedAffineApply(builder, loc, builder.getAffineDimExpr(0) + more, {high.back()});
      Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(getElementTypeOrSelf(value.getType())));
      value = tensor::PadOp::create(builder, loc, Type(), value, low, high, zero);
    }
    operand->set(value);
  }

  void turnResult(linalg::GenericOp op, unsigned axis) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> order = withLast(type.getRank(), axis);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, fill.getDpsInits()[0]);
    applyPermutationToVector(sizes, order);
    Value empty = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
    Value start = linalg::FillOp::create(builder, loc, fill.getInputs(), ValueRange{empty}).getResult(0);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.back() =
        AffineMap::get(maps.back().getNumDims(), 0, applyPermutation(maps.back().getResults(), order), &getContext());
    auto sum = linalg::GenericOp::create(builder, loc, TypeRange{empty.getType()}, op.getInputs(), ValueRange{start},
                                         maps, op.getIteratorTypesArray());
    sum->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    sum.getRegion().takeBody(op.getRegion());
    Value result = op->getResult(0), back;
    for (OpOperand &use : llvm::make_early_inc_range(result.getUses())) {
      auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (reader && reader.getNumReductionLoops() == 0 && reader.isDpsInput(&use)) {
        SmallVector<AffineMap> readerMaps = reader.getIndexingMapsArray();
        AffineMap &map = readerMaps[use.getOperandNumber()];
        map = AffineMap::get(map.getNumDims(), 0, applyPermutation(map.getResults(), order), &getContext());
        reader.setIndexingMapsAttr(builder.getAffineMapArrayAttr(readerMaps));
        use.set(sum.getResult(0));
        continue;
      }
      if (!back)
        back = turned(builder, sum.getResult(0), invertPermutationVector(order));
      use.set(back);
    }
    op.erase();
  }

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> contractions;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isContraction(op) && op.getNumDpsInputs() == 2 && op->getNumResults() == 1 &&
          op.getDpsInits()[0].getDefiningOp<linalg::FillOp>())
        contractions.push_back(op);
    });
    for (linalg::GenericOp op : contractions)
      turn(op);
  }

  void turn(linalg::GenericOp op) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    int64_t rank = type.getRank();
    if (rank < 2 || type.getElementTypeBitWidth() != 32 || !written.isProjectedPermutation())
      return;
    auto loopOf = [&](int64_t axis) { return cast<AffineDimExpr>(written.getResult(axis)).getPosition(); };
    auto isWide = [&](int64_t axis) { return !type.isDynamicDim(axis) && type.getDimSize(axis) >= lanes; };
    auto turnOperands = [&](unsigned loop, int64_t more = 0) {
      for (OpOperand *operand : op.getDpsInputOperands())
        if (std::optional<unsigned> along = axisAlong(op.getMatchingIndexingMap(operand), loop))
          turnOperand(op, operand, *along, more);
    };
    int64_t columns = type.getShape().back();
    if (!type.isDynamicDim(rank - 1) && !isWide(rank - 1)) {
      if (std::optional<unsigned> loop = wideLoop(op, loopOf(rank - 1))) {
        turnResult(op, *written.getResultPosition(getAffineDimExpr(*loop, &getContext())));
        return;
      }
      if (std::optional<unsigned> loop = summedLoop(op, loopOf(rank - 1), columns)) {
        int64_t terms = op.getStaticLoopRanges()[*loop], whole = llvm::alignTo(terms, lanes);
        turnOperands(*loop, whole - terms);
        op->setAttr("lamina.terms", DenseI64ArrayAttr::get(&getContext(), {terms, whole}));
        return splitSum(op, *loop, lanes, PartialAxis::Inner);
      }
      // Channels that are columns as well would be turned there and back.
      bool together = op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isFunctionOfDim(loopOf(rank - 1));
      if (columns > lanes / 2 - together)
        return;
      if (isWide(rank - 2) && isPosition(op, loopOf(rank - 2))) {
        turnOperands(loopOf(rank - 2));
        turnResult(op, rank - 2);
      }
      return;
    }
    // A single filter has no axis.
    if (isWide(rank - 1) && isPosition(op, loopOf(rank - 1)))
      turnOperands(loopOf(rank - 1));
  }
};

} // namespace
} // namespace mlir::lamina
