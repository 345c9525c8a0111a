// Gives long sums of few results, as gradients of kernels and biases of convolutions are, a loop that threads can
// share: parts of an axis that is summed, added up afterwards. Guarantees the same parts, and so the same bits, for any
// number of threads.

#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_SPLITSUMSPASS
#include "compiler/Passes.h.inc"

namespace {

struct Split {
  unsigned loop;
  int64_t parts;
};

/// The operation that adds a term to its sum.
Operation *additionOf(linalg::GenericOp op) {
  Value sum = op.getBody()->getTerminator()->getOperand(0);
  auto add = sum.getDefiningOp<arith::AddFOp>();
  BlockArgument before = op.getRegionOutputArgs().front();
  if (!add || !before.hasOneUse() || llvm::count(add->getOperands(), before) != 1)
    return nullptr;
  return add;
}

/// Into how many parts to split which loop, if at all: what the parts write must be little beside what they read.
std::optional<Split> splitOf(linalg::GenericOp op) {
  constexpr int64_t most = 8, mostResults = 1 << 14, fewTerms = 1 << 13, termsPerResult = 4;
  if (op->getNumResults() != 1 || op.hasIndexSemantics() || op.getNumReductionLoops() == 0 ||
      !op.getDpsInits()[0].getDefiningOp<linalg::FillOp>() || !additionOf(op))
    return std::nullopt;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t results = 1, terms = 1;
  std::optional<unsigned> outermost;
  AffineMap last = op.getMatchingIndexingMap(op.getDpsInputOperand(op.getNumDpsInputs() - 1));
  int64_t shared = 1;
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type == utils::IteratorType::parallel) {
      if (ShapedType::isDynamic(ranges[loop]))
        return std::nullopt;
      results *= ranges[loop];
      if (last.isFunctionOfDim(loop))
        shared *= ranges[loop];
      continue;
    }
    if (ShapedType::isDynamic(ranges[loop]))
      continue;
    terms *= ranges[loop];
    if (!outermost && ranges[loop] > 1)
      outermost = loop;
  }
  if (!outermost || results > mostResults || terms * shared < fewTerms)
    return std::nullopt;
  int64_t parts = std::min({most, ranges[*outermost], terms * shared / (termsPerResult * results)});
  while (parts > 1 && ranges[*outermost] % parts)
    --parts;
  if (parts < 2)
    return std::nullopt;
  return Split{*outermost, parts};
}

/// An operand whose axis is cut in two.
Value expandAxis(OpBuilder &b, Value operand, unsigned axis, int64_t parts) {
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, operand.getLoc(), operand);
  shape[axis] /= parts;
  sizes[axis] = b.getIndexAttr(shape[axis]);
  shape.insert(shape.begin() + axis, parts);
  sizes.insert(sizes.begin() + axis, b.getIndexAttr(parts));
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, next = 0; i < type.getRank(); ++i) {
    groups.push_back({next++});
    if (i == int64_t(axis))
      groups.back().push_back(next++);
  }
  return tensor::ExpandShapeOp::create(b, operand.getLoc(), type.clone(shape), operand, groups, sizes);
}

void split(linalg::GenericOp op, Split split) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  unsigned loops = op.getNumLoops();
  int64_t within = op.getStaticLoopRanges()[split.loop] / split.parts;
  // The new loop comes first; what the old one counted is part · within + place.
  AffineExpr part = b.getAffineDimExpr(0), place = b.getAffineDimExpr(split.loop + 1);
  SmallVector<AffineExpr> renamed;
  for (unsigned i = 0; i < loops; ++i)
    renamed.push_back(b.getAffineDimExpr(i + 1));
  renamed[split.loop] = part * within + place;
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    std::optional<unsigned> axis = map.getResultPosition(b.getAffineDimExpr(split.loop));
    if (!axis) {
      inputs.push_back(operand->get());
      maps.push_back(map.replaceDimsAndSymbols(renamed, {}, loops + 1, 0));
      continue;
    }
    inputs.push_back(expandAxis(b, operand->get(), *axis, split.parts));
    SmallVector<AffineExpr> exprs(map.replaceDimsAndSymbols(renamed, {}, loops + 1, 0).getResults());
    exprs[*axis] = place;
    exprs.insert(exprs.begin() + *axis, part);
    maps.push_back(AffineMap::get(loops + 1, 0, exprs, b.getContext()));
  }
  auto written = op.getMatchingIndexingMap(op.getDpsInitOperand(0)).replaceDimsAndSymbols(renamed, {}, loops + 1, 0);
  maps.push_back(written.insertResult(part, 0));
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  iterators.insert(iterators.begin(), utils::IteratorType::parallel);

  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin(), split.parts);
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type.getElementType()));
  Value empty = tensor::EmptyOp::create(b, loc, shape, type.getElementType());
  Value start = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  auto sums = linalg::GenericOp::create(b, loc, TypeRange{empty.getType()}, inputs, ValueRange{start}, maps, iterators);
  sums->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  sums.getRegion().takeBody(op.getRegion());

  SmallVector<AffineExpr> all;
  for (unsigned i = 0; i < shape.size(); ++i)
    all.push_back(b.getAffineDimExpr(i));
  SmallVector<utils::IteratorType> kinds(shape.size(), utils::IteratorType::parallel);
  kinds[0] = utils::IteratorType::reduction;
  auto total =
      linalg::GenericOp::create(b, loc, TypeRange{type}, ValueRange{sums.getResult(0)}, ValueRange{fill.getResult(0)},
                                ArrayRef{AffineMap::get(shape.size(), 0, all, b.getContext()),
                                         AffineMap::get(shape.size(), 0, ArrayRef(all).drop_front(), b.getContext())},
                                kinds, [](OpBuilder &inner, Location at, ValueRange arguments) {
                                  Value sum = arith::AddFOp::create(inner, at, arguments[1], arguments[0]);
                                  linalg::YieldOp::create(inner, at, sum);
                                });
  op->replaceAllUsesWith(total->getResults());
  op.erase();
}

struct SplitSumsPass : impl::SplitSumsPassBase<SplitSumsPass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> sums;
    getOperation().walk([&](linalg::GenericOp op) { sums.push_back(op); });
    for (linalg::GenericOp op : sums)
      if (std::optional<Split> parts = splitOf(op))
        split(op, *parts);
  }
};

} // namespace
} // namespace mlir::lamina
