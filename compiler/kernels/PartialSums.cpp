#include "compiler/kernels/PartialSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

bool isSum(linalg::GenericOp op) {
  if (op->getNumResults() != 1 || op.hasIndexSemantics() || op.getNumReductionLoops() == 0 ||
      !op.getDpsInits()[0].getDefiningOp<linalg::FillOp>())
    return false;
  auto add = op.getBody()->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  BlockArgument before = op.getRegionOutputArgs().front();
  return add && before.hasOneUse() && llvm::count(add->getOperands(), before) == 1;
}

namespace {

/// An operand whose axis is cut in two.
Value expandAxis(OpBuilder &b, Value operand, unsigned axis, int64_t inner) {
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, operand.getLoc(), operand);
  shape[axis] /= inner;
  sizes[axis] = b.getIndexAttr(shape[axis]);
  shape.insert(shape.begin() + axis + 1, inner);
  sizes.insert(sizes.begin() + axis + 1, b.getIndexAttr(inner));
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, next = 0; i < type.getRank(); ++i) {
    groups.push_back({next++});
    if (i == int64_t(axis))
      groups.back().push_back(next++);
  }
  return tensor::ExpandShapeOp::create(b, operand.getLoc(), type.clone(shape), operand, groups, sizes);
}

} // namespace

void splitSum(linalg::GenericOp op, unsigned loop, int64_t inner, PartialAxis axis) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  bool isFirst = axis == PartialAxis::Outer;
  unsigned loops = op.getNumLoops(), kept = isFirst ? 0 : loops, summed = isFirst ? loop + 1 : loop;
  int64_t partial = isFirst ? op.getStaticLoopRanges()[loop] / inner : inner;
  AffineExpr around = b.getAffineDimExpr(isFirst ? kept : summed), within = b.getAffineDimExpr(isFirst ? summed : kept);
  SmallVector<AffineExpr> renamed;
  for (unsigned i = 0; i < loops; ++i)
    renamed.push_back(b.getAffineDimExpr(i + isFirst));
  renamed[loop] = around * inner + within;
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(operand), own = map.replaceDimsAndSymbols(renamed, {}, loops + 1, 0);
    std::optional<unsigned> cut = map.getResultPosition(b.getAffineDimExpr(loop));
    if (!cut) {
      inputs.push_back(operand->get());
      maps.push_back(own);
      continue;
    }
    inputs.push_back(expandAxis(b, operand->get(), *cut, inner));
    SmallVector<AffineExpr> exprs(own.getResults());
    exprs[*cut] = around;
    exprs.insert(exprs.begin() + *cut + 1, within);
    maps.push_back(AffineMap::get(loops + 1, 0, exprs, b.getContext()));
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  AffineMap written =
      op.getMatchingIndexingMap(op.getDpsInitOperand(0)).replaceDimsAndSymbols(renamed, {}, loops + 1, 0);
  unsigned place = isFirst ? 0 : type.getRank();
  maps.push_back(written.insertResult(b.getAffineDimExpr(kept), place));
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  iterators.insert(iterators.begin() + kept, utils::IteratorType::parallel);
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + place, partial);
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type.getElementType()));
  Value empty = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  Value start = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  auto sums = linalg::GenericOp::create(b, loc, TypeRange{empty.getType()}, inputs, ValueRange{start}, maps, iterators);
  sums->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  sums.getRegion().takeBody(op.getRegion());

  AffineMap all = b.getMultiDimIdentityMap(shape.size());
  SmallVector<utils::IteratorType> kinds(shape.size(), utils::IteratorType::parallel);
  kinds[place] = utils::IteratorType::reduction;
  auto total = linalg::GenericOp::create(b, loc, TypeRange{type}, ValueRange{sums.getResult(0)},
                                         ValueRange{fill.getResult(0)}, ArrayRef{all, all.dropResult(place)}, kinds,
                                         [](OpBuilder &own, Location at, ValueRange arguments) {
                                           Value sum = arith::AddFOp::create(own, at, arguments[1], arguments[0]);
                                           linalg::YieldOp::create(own, at, sum);
                                         });
  op->replaceAllUsesWith(total->getResults());
  op.erase();
}

} // namespace mlir::lamina
