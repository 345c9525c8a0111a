#include "compiler/vectorize/ContractionUnits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::lamina {

namespace {

/// The extents of a contraction's loops, from all operands that walk them.
SmallVector<int64_t> loopExtents(vector::ContractionOp op) {
  SmallVector<int64_t> extents(op.getIteratorTypes().size(), 1);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  std::array<Type, 3> types{op.getLhsType(), op.getRhsType(), op.getAccType()};
  for (auto [map, type] : llvm::zip_equal(maps, types))
    if (auto vector = dyn_cast<VectorType>(type))
      for (auto [axis, expr] : llvm::enumerate(map.getResults()))
        extents[cast<AffineDimExpr>(expr).getPosition()] = vector.getDimSize(axis);
  return extents;
}

/// Whether a contraction sums over nothing and walks some loop with both operands, as each tap of a depthwise
/// convolution does.
bool isElementwise(ArrayRef<AffineMap> maps, ArrayRef<int64_t> extents) {
  bool common = false;
  for (auto [loop, extent] : llvm::enumerate(extents)) {
    if (extent == 1)
      continue;
    if (!maps[2].isFunctionOfDim(loop))
      return false;
    common |= maps[0].isFunctionOfDim(loop) && maps[1].isFunctionOfDim(loop);
  }
  return common;
}

/// Leading axes along which an operand is broadcast are no axes of it, where the other operand walks their loops.
void dropBroadcast(vector::ContractionOp op, unsigned side, Value &operand, SmallVectorImpl<AffineMap> &maps,
                   ArrayRef<int64_t> extents) {
  auto broadcast = operand.getDefiningOp<vector::BroadcastOp>();
  auto source = broadcast ? dyn_cast<VectorType>(broadcast.getSourceType()) : VectorType();
  if (!source || source.getShape() != broadcast.getResultVectorType().getShape().take_back(source.getRank()))
    return;
  ArrayRef<AffineExpr> axes = maps[side].getResults();
  // A sum along such a loop is so many times one term, unless it has one.
  for (AffineExpr loop : axes.drop_back(source.getRank()))
    if (!maps[1 - side].getResultPosition(loop) ||
        (!maps[2].getResultPosition(loop) && extents[cast<AffineDimExpr>(loop).getPosition()] != 1))
      return;
  operand = broadcast.getSource();
  maps[side] = AffineMap::get(maps[side].getNumDims(), 0, axes.take_back(source.getRank()), op.getContext());
}

/// A contraction without broadcast operands and loops of extent one, but for one sum: the form that the lowering to
/// outer products takes.
struct DropUnitLoops : OpRewritePattern<vector::ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ContractionOp op, PatternRewriter &rewriter) const override {
    auto accType = dyn_cast<VectorType>(op.getAccType());
    if (!accType || isa<vector::MaskOp>(op->getParentOp()))
      return failure();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<int64_t> extents = loopExtents(op);
    Value lhs = op.getLhs(), rhs = op.getRhs(), acc = op.getAcc();
    dropBroadcast(op, 0, lhs, maps, extents);
    dropBroadcast(op, 1, rhs, maps, extents);
    bool isBroadcast = lhs != op.getLhs() || rhs != op.getRhs();
    SmallVector<Attribute> iterators(op.getIteratorTypes().getValue());
    auto isReduction = [&](unsigned loop) {
      return cast<vector::IteratorTypeAttr>(iterators[loop]).getValue() == vector::IteratorType::reduction;
    };
    // Loops that stay, and what they are called afterwards.
    SmallVector<std::optional<unsigned>> renamed(extents.size());
    SmallVector<Attribute> kept;
    bool sums = false;
    for (unsigned loop = 0; loop < extents.size(); ++loop)
      if (extents[loop] != 1) {
        renamed[loop] = kept.size();
        kept.push_back(iterators[loop]);
        sums |= isReduction(loop);
      }
    if (!sums && isElementwise(maps, extents))
      return failure();
    if ((!isBroadcast && kept.size() + !sums >= extents.size()) ||
        llvm::all_of(renamed, [](auto name) { return !name; }))
      return failure();
    std::optional<unsigned> extra;
    if (!sums) {
      extra = kept.size();
      kept.push_back(vector::IteratorTypeAttr::get(getContext(), vector::IteratorType::reduction));
    }
    enum Side { Left, Right, Result };
    auto reduce = [&](Value vector, AffineMap &map, Side side) -> Value {
      auto type = cast<VectorType>(vector.getType());
      SmallVector<int64_t> shape;
      SmallVector<AffineExpr> exprs;
      for (auto [axis, expr] : llvm::enumerate(map.getResults()))
        if (std::optional<unsigned> name = renamed[cast<AffineDimExpr>(expr).getPosition()]) {
          shape.push_back(type.getDimSize(axis));
          exprs.push_back(rewriter.getAffineDimExpr(*name));
        }
      // The sum's axis comes last on the left and first on the right, as in a product of matrices.
      if (side != Result && extra) {
        shape.insert(side == Left ? shape.end() : shape.begin(), 1);
        exprs.insert(side == Left ? exprs.end() : exprs.begin(), rewriter.getAffineDimExpr(*extra));
      }
      map = AffineMap::get(kept.size(), 0, exprs, getContext());
      if (shape.empty())
        return {};
      return vector::ShapeCastOp::create(rewriter, op.getLoc(), VectorType::get(shape, type.getElementType()), vector);
    };
    AffineMap left = maps[0], right = maps[1], result = maps[2];
    lhs = reduce(lhs, left, Left), rhs = reduce(rhs, right, Right), acc = reduce(acc, result, Result);
    if (!lhs || !rhs || !acc)
      return failure();
    auto contraction = vector::ContractionOp::create(rewriter, op.getLoc(), lhs, rhs, acc,
                                                     rewriter.getAffineMapArrayAttr({left, right, result}),
                                                     rewriter.getArrayAttr(kept), op.getKind());
    rewriter.replaceOpWithNewOp<vector::ShapeCastOp>(op, accType, contraction.getResult());
    return success();
  }
};

/// An elementwise contraction multiplies and adds element by element.
struct MultiplyElements : OpRewritePattern<vector::ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ContractionOp op, PatternRewriter &rewriter) const override {
    auto accType = dyn_cast<VectorType>(op.getAccType());
    if (!accType || !isa<FloatType>(accType.getElementType()) || op.getKind() != vector::CombiningKind::ADD ||
        op.getLhsType().getElementType() != accType.getElementType() ||
        op.getRhsType().getElementType() != accType.getElementType() || isa<vector::MaskOp>(op->getParentOp()))
      return failure();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (!isElementwise(maps, loopExtents(op)))
      return failure();
    // The operand's axes in the order of the result's, those it lacks with one element.
    auto spread = [&](Value operand, AffineMap map) -> Value {
      SmallVector<int64_t> permutation, shape(accType.getRank(), 1);
      for (auto [axis, expr] : llvm::enumerate(maps[2].getResults()))
        if (std::optional<unsigned> place = map.getResultPosition(expr)) {
          permutation.push_back(*place);
          shape[axis] = accType.getDimSize(axis);
        }
      for (unsigned place = 0; place < map.getNumResults(); ++place)
        if (!llvm::is_contained(permutation, place))
          permutation.insert(permutation.begin(), place);
      Value turned = vector::TransposeOp::create(rewriter, op.getLoc(), operand, permutation);
      Value aligned =
          vector::ShapeCastOp::create(rewriter, op.getLoc(), VectorType::get(shape, accType.getElementType()), turned);
      return vector::BroadcastOp::create(rewriter, op.getLoc(), accType, aligned);
    };
    rewriter.replaceOpWithNewOp<vector::FMAOp>(op, spread(op.getLhs(), maps[0]), spread(op.getRhs(), maps[1]),
                                               op.getAcc());
    return success();
  }
};

/// The first loops, in order.
bool leads(AffineMap map) {
  return llvm::all_of(llvm::enumerate(map.getResults()), [](auto result) {
    auto loop = dyn_cast<AffineDimExpr>(result.value());
    return loop && loop.getPosition() == result.index();
  });
}

/// Sums over rows of products element by element are sums of rows.
struct MultiplyRows : OpRewritePattern<vector::ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ContractionOp op, PatternRewriter &rewriter) const override {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    VectorType type = op.getLhsType();
    if (op.getKind() != vector::CombiningKind::ADD || !isa<FloatType>(type.getElementType()) ||
        getElementTypeOrSelf(op.getAccType()) != type.getElementType() || op.getRhsType() != type ||
        !maps[0].isIdentity() || !maps[1].isIdentity() || !leads(maps[2]) || isa<vector::MaskOp>(op->getParentOp()))
      return failure();
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getLhs(), op.getRhs(), arith::FastMathFlags::contract);
    SmallVector<bool> reduced(type.getRank(), true);
    std::fill_n(reduced.begin(), maps[2].getNumResults(), false);
    rewriter.replaceOpWithNewOp<vector::MultiDimReductionOp>(op, product, op.getAcc(), reduced, op.getKind());
    return success();
  }
};

/// Few sums of several terms: parts of the terms are added up apart, as each step of one chain waits for the last.
struct SplitTerms : OpRewritePattern<vector::ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ContractionOp op, PatternRewriter &rewriter) const override {
    constexpr int64_t fewSums = 64, mostParts = 4;
    auto accType = dyn_cast<VectorType>(op.getAccType());
    if (!accType || !isa<FloatType>(accType.getElementType()) || op.getKind() != vector::CombiningKind::ADD ||
        accType.getNumElements() > fewSums || isa<vector::MaskOp>(op->getParentOp()))
      return failure();
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<int64_t> extents = loopExtents(op);
    std::optional<unsigned> terms;
    for (auto [loop, extent] : llvm::enumerate(extents))
      if (!maps[2].isFunctionOfDim(loop)) {
        if (terms || !maps[0].isFunctionOfDim(loop) || !maps[1].isFunctionOfDim(loop))
          return failure();
        terms = loop;
      }
    // Vectors run along the results.
    if (!terms || extents[*terms] < 4 || extents[*terms] % 2 || maps[2].getNumResults() == 0 ||
        maps[1].getResults().back() != maps[2].getResults().back())
      return failure();
    int64_t parts = std::min(mostParts, extents[*terms] / 2);
    while (extents[*terms] % parts)
      --parts;
    int64_t size = extents[*terms] / parts;
    auto part = [&](Value operand, AffineMap map, int64_t begin) -> Value {
      auto type = cast<VectorType>(operand.getType());
      unsigned axis = *map.getResultPosition(rewriter.getAffineDimExpr(*terms));
      SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape()), strides(type.getRank(), 1);
      offsets[axis] = begin;
      sizes[axis] = size;
      return vector::ExtractStridedSliceOp::create(rewriter, op.getLoc(), operand, offsets, sizes, strides);
    };
    Value zero = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getZeroAttr(accType));
    Value sum, rest;
    for (int64_t i = 0; i < parts; ++i) {
      Value lhs = part(op.getLhs(), maps[0], i * size), rhs = part(op.getRhs(), maps[1], i * size);
      Value own = vector::ContractionOp::create(rewriter, op.getLoc(), lhs, rhs, i == 0 ? op.getAcc() : zero,
                                                op.getIndexingMaps(), op.getIteratorTypes(), op.getKind());
      if (i == 0)
        sum = own;
      else
        rest = rest ? arith::AddFOp::create(rewriter, op.getLoc(), rest, own).getResult() : own;
    }
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, sum, rest);
    return success();
  }
};

} // namespace

void populateContractionUnitPatterns(RewritePatternSet &patterns) {
  patterns.add<DropUnitLoops, MultiplyElements, MultiplyRows, SplitTerms>(patterns.getContext());
}

} // namespace mlir::lamina
