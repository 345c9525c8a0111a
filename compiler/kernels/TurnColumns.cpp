// Gives sums whose last axis has too few elements for a vector another axis last, along which vectors run: one whose
// elements lie side by side in an operand, or the positions of a window, for which the operand is turned as well.
// Guarantees that what reads the result elementwise reads it turned, without a copy.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "compiler/kernels/Turned.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

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
      if (last && written.getResultPosition(last) && !read.isFunctionOfDim(narrow))
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

  /// The operand with this axis last; of a padded one its source is turned.
  void turnOperand(linalg::GenericOp op, OpOperand *operand, unsigned axis) {
    OpBuilder builder(op);
    SmallVector<int64_t> order = withLast(cast<RankedTensorType>(operand->get().getType()).getRank(), axis);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap &map = maps[operand->getOperandNumber()];
    map = AffineMap::get(map.getNumDims(), 0, applyPermutation(map.getResults(), order), &getContext());
    op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
    Value value = operand->get();
    builder.setInsertionPointAfterValue(value);
    auto pad = value.getDefiningOp<tensor::PadOp>();
    if (!pad || !pad.getConstantPaddingValue()) {
      operand->set(turned(builder, value, order));
      return;
    }
    Value source = turned(builder, pad.getSource(), order);
    operand->set(tensor::PadOp::create(builder, pad.getLoc(), Type(), source,
                                       applyPermutation(pad.getMixedLowPad(), order),
                                       applyPermutation(pad.getMixedHighPad(), order), pad.getConstantPaddingValue()));
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
    for (linalg::GenericOp op : contractions) {
      auto type = cast<RankedTensorType>(op->getResult(0).getType());
      AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
      int64_t rank = type.getRank();
      if (rank < 2 || type.getElementTypeBitWidth() != 32 || !written.isProjectedPermutation())
        continue;
      auto loopOf = [&](int64_t axis) { return cast<AffineDimExpr>(written.getResult(axis)).getPosition(); };
      auto isWide = [&](int64_t axis) { return !type.isDynamicDim(axis) && type.getDimSize(axis) >= lanes; };
      bool isNarrow = !type.isDynamicDim(rank - 1) && !isWide(rank - 1);
      int64_t axis = rank - 1;
      bool isWindow = false;
      if (std::optional<unsigned> loop = isNarrow ? wideLoop(op, loopOf(rank - 1)) : std::nullopt) {
        axis = *written.getResultPosition(getAffineDimExpr(*loop, &getContext()));
      } else {
        // A single filter has no axis.
        bool together =
            op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isFunctionOfDim(loopOf(rank - 1)) && isNarrow;
        axis = isNarrow && type.getDimSize(rank - 1) <= lanes / 2 - together ? rank - 2 : rank - 1;
        isWindow = isPosition(op, loopOf(axis));
        if (!isWindow)
          continue;
      }
      if (!isWide(axis))
        continue;
      if (isWindow)
        for (OpOperand *operand : op.getDpsInputOperands()) {
          AffineMap read = op.getMatchingIndexingMap(operand);
          std::optional<unsigned> along = axisAlong(read, loopOf(axis));
          if (along && *along + 1 != read.getNumResults())
            turnOperand(op, operand, *along);
        }
      if (axis + 1 < rank)
        turnResult(op, axis);
    }
  }
};

} // namespace
} // namespace mlir::lamina
