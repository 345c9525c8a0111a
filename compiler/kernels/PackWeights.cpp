// Gives contractions their right operand in panels as wide as a register tile: [N/n][K…][n], so that the inner loop
// reads one stream; weights of few columns as rows, [N][K], so that vectors run along the sum; other rows that are
// summed along as columns. Guarantees that a panel is read through linalg.unpack, which tiles to slices of the panels.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "compiler/kernels/Turned.h"
#include "compiler/kernels/Weights.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "compiler/Passes.h.inc"

namespace {

/// Below this many elements the operand stays in the nearest cache however it lies.
constexpr int64_t fewElements = 2048;
/// Operands that change every call are packed only for this many rows, which pay for the copy.
constexpr int64_t manyRows = 128;
/// And turned for this many.
constexpr int64_t someRows = 16;
/// Sums at least this long pay for the horizontal reduction at the end of vectors that run along them.
constexpr int64_t longSum = 128;

struct PackWeightsPass : impl::PackWeightsPassBase<PackWeightsPass> {
  using PackWeightsPassBase::PackWeightsPassBase;

  /// The panel's width for the operand's last axis, or 0 if it should stay as it is.
  int64_t panelFor(linalg::GenericOp op, OpOperand *operand, bool constant) {
    auto type = cast<RankedTensorType>(operand->get().getType());
    // Of open operands only rows of a batch: sums over the positions of images are cut into blocks.
    bool isOpen = !type.hasStaticShape();
    if (type.getRank() < 2 || type.getElementTypeBitWidth() != 32 || type.isDynamicDim(type.getRank() - 1) ||
        (isOpen ? type.getRank() != 2 || op.getNumReductionLoops() != 1 : type.getNumElements() < fewElements))
      return 0;
    AffineMap read = op.getMatchingIndexingMap(operand), written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    // Columns are the last axis of the operand and of the result, all other axes of the operand are summed over.
    AffineExpr columns = read.getResults().back();
    if (!read.isProjectedPermutation() || columns != written.getResults().back())
      return 0;
    SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
    for (AffineExpr expr : read.getResults().drop_back())
      if (iterators[cast<AffineDimExpr>(expr).getPosition()] != utils::IteratorType::reduction)
        return 0;
    int64_t n = type.getShape().back();
    int64_t width = n % panel == 0 ? panel : n % (panel / 2) == 0 ? panel / 2 : 0;
    if (width == 0 || n == width)
      return 0;
    if (constant)
      return width;
    return positions(op, operand) >= manyRows ? width : 0;
  }

  /// Too few columns for a vector of them, and long ones: vectors run along the axis before, which the left operand is
  /// summed along too.
  bool isNarrow(linalg::GenericOp op, OpOperand *operand, bool constant) {
    auto type = cast<RankedTensorType>(operand->get().getType());
    AffineMap read = op.getMatchingIndexingMap(operand), left = op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
              written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    int64_t rank = type.getRank();
    if (!type.hasStaticShape() || rank < 2 || !read.isProjectedPermutation() || written.getNumResults() == 0 ||
        left.getNumResults() == 0 || read.getResults().back() != written.getResults().back() ||
        read.getResult(rank - 2) != left.getResults().back())
      return false;
    SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
    for (AffineExpr expr : read.getResults().drop_back())
      if (iterators[cast<AffineDimExpr>(expr).getPosition()] != utils::IteratorType::reduction)
        return false;
    int64_t columns = type.getDimSize(rank - 1), lanes = panel / 2;
    return columns < lanes && type.getDimSize(rank - 2) >= lanes && type.getNumElements() / columns >= longSum &&
           (constant || positions(op, operand) >= someRows);
  }

  /// How many known rows of the result share the operand.
  static int64_t positions(linalg::GenericOp op, OpOperand *operand) {
    int64_t rows = 1;
    AffineMap read = op.getMatchingIndexingMap(operand);
    for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
      if (op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel && !read.isFunctionOfDim(loop) &&
          !ShapedType::isDynamic(range))
        rows *= range;
    return rows;
  }

  /// Rows that the left operand is summed along too, for enough columns of the result and rows of the left operand.
  /// Gives the axis of the columns, or -1.
  int64_t columnsOfRows(linalg::GenericOp op, OpOperand *operand, bool constant) {
    auto type = cast<RankedTensorType>(operand->get().getType());
    AffineMap read = op.getMatchingIndexingMap(operand), left = op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
              written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (type.getRank() < 2 || !read.isProjectedPermutation() || !left.isProjectedPermutation() ||
        !written.isProjectedPermutation() || written.getNumResults() == 0 || left.getNumResults() == 0 ||
        read.getResults().back() != left.getResults().back() || type.getElementTypeBitWidth() != 32 ||
        (type.hasStaticShape() && type.getNumElements() < fewElements))
      return -1;
    AffineExpr sum = read.getResults().back(), column = written.getResults().back();
    std::optional<unsigned> axis = read.getResultPosition(column);
    if (op.getIteratorTypesArray()[cast<AffineDimExpr>(sum).getPosition()] != utils::IteratorType::reduction || !axis ||
        left.isFunctionOfDim(cast<AffineDimExpr>(column).getPosition()))
      return -1;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    int64_t rows = 1, columns = type.getDimSize(*axis);
    for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
      if (iterator == utils::IteratorType::parallel && !read.isFunctionOfDim(loop))
        rows = ShapedType::isDynamic(ranges[loop]) ? someRows : rows * ranges[loop];
    bool wide = ShapedType::isDynamic(columns) || columns >= panel / 2;
    return wide && (constant || rows >= someRows) ? static_cast<int64_t>(*axis) : -1;
  }

  /// A copy of the operand with this axis behind all others.
  void moveLast(linalg::GenericOp op, OpOperand *operand, int64_t moved) {
    OpBuilder builder(op);
    builder.setInsertionPointAfterValue(operand->get());
    SmallVector<int64_t> order = withLast(cast<RankedTensorType>(operand->get().getType()).getRank(), moved);
    Value copy = turned(builder, operand->get(), order);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap &map = maps[operand->getOperandNumber()];
    map = AffineMap::get(map.getNumDims(), 0, applyPermutation(ArrayRef(map.getResults()), order), &getContext());
    op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
    operand->set(copy);
  }

  void runOnOperation() override {
    WeightValues weights = findWeightValues(getOperation());
    SmallVector<linalg::GenericOp> contractions;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isContraction(op) && op.getNumDpsInputs() == 2 && op->getNumResults() == 1)
        contractions.push_back(op);
    });
    for (linalg::GenericOp op : contractions) {
      OpOperand *operand = op.getDpsInputOperand(1);
      bool constant = weights.values.contains(operand->get());
      if (isNarrow(op, operand, constant)) {
        moveLast(op, operand, cast<RankedTensorType>(operand->get().getType()).getRank() - 2);
        continue;
      }
      if (int64_t axis = columnsOfRows(op, operand, constant); axis >= 0)
        moveLast(op, operand, axis);
      int64_t width = panelFor(op, operand, constant);
      if (width == 0)
        continue;
      // Where the operand is known: not in the loops that read it.
      OpBuilder builder(op);
      builder.setInsertionPointAfterValue(operand->get());
      Location loc = op.getLoc();
      auto type = cast<RankedTensorType>(operand->get().getType());
      int64_t rank = type.getRank();

      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, operand->get());
      SmallVector<OpFoldResult> splitSizes(ArrayRef(sizes).drop_back()),
          packedSizes{builder.getIndexAttr(type.getShape().back() / width)};
      splitSizes.push_back(packedSizes[0]);
      splitSizes.push_back(builder.getIndexAttr(width));
      llvm::append_range(packedSizes, ArrayRef(sizes).drop_back());
      packedSizes.push_back(builder.getIndexAttr(width));
      SmallVector<int64_t> split(type.getShape().drop_back()), outer{rank - 1};
      split.push_back(type.getShape().back() / width);
      split.push_back(width);
      SmallVector<ReassociationIndices> groups;
      SmallVector<AffineExpr> from;
      for (int64_t i = 0; i + 1 < rank; ++i) {
        groups.push_back({i});
        outer.push_back(i);
        from.push_back(builder.getAffineDimExpr(i + 1));
      }
      groups.push_back({rank - 1, rank});
      from.push_back(builder.getAffineDimExpr(0));
      from.push_back(builder.getAffineDimExpr(rank));
      Value panels = tensor::ExpandShapeOp::create(builder, loc, type.clone(split), operand->get(), groups, splitSizes);
      Value empty = tensor::EmptyOp::create(builder, loc, packedSizes, type.getElementType());
      SmallVector<utils::IteratorType> iterators(rank + 1, utils::IteratorType::parallel);
      auto pack =
          linalg::GenericOp::create(builder, loc, TypeRange{empty.getType()}, ValueRange{panels}, ValueRange{empty},
                                    ArrayRef<AffineMap>{AffineMap::get(rank + 1, 0, from, &getContext()),
                                                        builder.getMultiDimIdentityMap(rank + 1)},
                                    iterators, [](OpBuilder &b, Location l, ValueRange arguments) {
                                      linalg::YieldOp::create(b, l, arguments[0]);
                                    });
      Value dest = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
      auto unpack = linalg::UnPackOp::create(builder, loc, pack.getResult(0), dest, ArrayRef<int64_t>{rank - 1},
                                             ArrayRef<OpFoldResult>{builder.getIndexAttr(width)}, outer);
      operand->set(unpack.getResult());
    }
  }
};

} // namespace
} // namespace mlir::lamina
