#include "compiler/tile/Products.h"

#include "compiler/Contraction.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

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

namespace {

/// The loops around an operation within its function, outermost first.
SmallVector<scf::ForOp> loopsAround(Operation *op) {
  SmallVector<scf::ForOp> loops;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop; loop = loop->getParentOfType<scf::ForOp>())
    loops.push_back(loop);
  std::reverse(loops.begin(), loops.end());
  return loops;
}

bool dependsOn(OpFoldResult value, Value induction) {
  auto dynamic = dyn_cast<Value>(value);
  if (!dynamic || dynamic == induction)
    return dynamic == induction;
  Operation *op = dynamic.getDefiningOp();
  return op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, induction); });
}

} // namespace

void prefetchPanels(func::FuncOp kernel) {
  constexpr int64_t lineBytes = 64;
  kernel.walk([&](linalg::LinalgOp op) {
    if (op.getNumDpsInputs() != 2 || !isContraction(op))
      return;
    auto slice = op.getDpsInputs()[1].getDefiningOp<tensor::ExtractSliceOp>();
    auto read = slice ? slice.getSource().getDefiningOp<bufferization::ToTensorOp>() : bufferization::ToTensorOp();
    if (!read || !slice.hasUnitStride())
      return;
    auto type = cast<MemRefType>(read.getBuffer().getType());
    int64_t bytes = type.getElementTypeBitWidth() / 8, rank = type.getRank();
    if (!type.hasStaticShape() || type.getNumElements() * bytes < cacheBytes || rank < 3 ||
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
    for (scf::ForOp loop : loopsAround(op)) {
      std::optional<int64_t> first = getConstantIntValue(loop.getLowerBound()),
                             last = getConstantIntValue(loop.getUpperBound()),
                             step = getConstantIntValue(loop.getStep());
      auto uses = [&](OpFoldResult offset) { return dependsOn(offset, loop.getInductionVar()); };
      if (llvm::any_of(ArrayRef(offsets).drop_front(), uses) || !first || !last || !step || *first != 0)
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

void takeSeveralTerms(linalg::LinalgOp op, MutableArrayRef<int64_t> inner) {
  constexpr int64_t fewSums = 64, termsAtOnce = 8;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  int64_t sums = 1;
  for (auto [range, type] : llvm::zip_equal(ranges, iterators))
    if (type == utils::IteratorType::parallel)
      sums *= ShapedType::isDynamic(range) ? fewSums + 1 : range;
  int64_t last = ranges.size() - 1;
  // A window of several places has no several terms as a vector.
  for (AffineMap map : op.getIndexingMapsArray())
    for (AffineExpr expr : map.getResults())
      for (int64_t loop = 0; loop < last; ++loop)
        if (ranges[loop] != 1 && expr.isFunctionOfDim(loop) && expr.isFunctionOfDim(last))
          return;
  if (isContraction(op) && sums <= fewSums && iterators[last] == utils::IteratorType::reduction && inner[last] == 1 &&
      !ShapedType::isDynamic(ranges[last]) && ranges[last] % termsAtOnce == 0)
    inner[last] = termsAtOnce;
}

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

} // namespace mlir::lamina
