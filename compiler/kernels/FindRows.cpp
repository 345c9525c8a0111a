// Finds entry functions whose rows, the slices along the open first axis, do not depend on each other. Guarantees that
// `lamina.row_bytes`, where it stands, has one entry for every buffer of the caller: the bytes of a row, or 0 for what
// all rows share.

#include "compiler/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_FINDROWSPASS
#include "compiler/Passes.h.inc"

namespace {

/// Only the first axis of anything is open in the functions considered, so that is how rows are told.
bool hasRows(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() && type.isDynamicDim(0);
}

bool hasOtherOpenAxes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() && llvm::is_contained(tensor.getShape().drop_front(), ShapedType::kDynamic);
}

/// Every operand with rows, and the results, walk them with one parallel loop that nothing else reads.
bool keepsRows(linalg::LinalgOp op) {
  int64_t loop = -1;
  for (OpOperand &operand : op->getOpOperands())
    if (hasRows(operand.get())) {
      auto dim = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&operand).getResult(0));
      if (!dim || (loop >= 0 && dim.getPosition() != loop))
        return false;
      loop = dim.getPosition();
    }
  if (loop >= 0) {
    if (op.getIteratorTypesArray()[loop] != utils::IteratorType::parallel)
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (llvm::any_of(map.getResults().drop_front(hasRows(operand.get())),
                       [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); }))
        return false;
    }
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  if (llvm::any_of(captured, [](Value value) { return hasRows(value) || value.getType().isIndex(); }))
    return false;
  WalkResult position = op->walk([&](linalg::IndexOp index) {
    return (int64_t)index.getDim() == loop ? WalkResult::interrupt() : WalkResult::advance();
  });
  return !position.wasInterrupted();
}

/// The number of rows, not a number computed from it.
bool isRowCount(OpFoldResult size) {
  auto value = dyn_cast<Value>(size);
  auto dim = value ? value.getDefiningOp<tensor::DimOp>() : tensor::DimOp();
  return dim && dim.getConstantIndex() == 0 && hasRows(dim.getSource());
}

template <typename Slice> bool isWhole(Slice slice) {
  return isZeroInteger(slice.getMixedOffsets()[0]) && isOneInteger(slice.getMixedStrides()[0]) &&
         isRowCount(slice.getMixedSizes()[0]);
}

/// The first axis stays by itself, but for axes of extent one.
bool keepsFirstAxis(ArrayRef<ReassociationIndices> groups, RankedTensorType expanded) {
  return !groups.empty() &&
         llvm::all_of(ArrayRef(groups[0]).drop_front(), [&](int64_t axis) { return expanded.getDimSize(axis) == 1; });
}

bool keepsRows(Operation &op) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return keepsRows(linalgOp);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return !hasRows(collapse.getSrc()) || keepsFirstAxis(collapse.getReassociationIndices(), collapse.getSrcType());
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return !hasRows(expand.getSrc()) || keepsFirstAxis(expand.getReassociationIndices(), expand.getResultType());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return !hasRows(slice.getSource()) || (hasRows(slice) && isWhole(slice));
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return !hasRows(insert.getDest()) || (hasRows(insert.getSource()) && isWhole(insert));
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return !hasRows(pad.getSource()) ||
           (isZeroInteger(pad.getMixedLowPad()[0]) && isZeroInteger(pad.getMixedHighPad()[0]));
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return !hasRows(empty) || isRowCount(empty.getDynamicSizes()[0]);
  if (isa<tensor::DimOp, linalg::UnPackOp, affine::AffineApplyOp, arith::ConstantOp, ub::PoisonOp, func::ReturnOp>(op))
    return true;
  // Arithmetic on sizes alone.
  return isa<arith::ArithDialect>(op.getDialect()) && op.getNumResults() == 1 && op.getResult(0).getType().isIndex();
}

int64_t rowBytes(RankedTensorType type) {
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape().drop_front())
    bytes *= size;
  return bytes;
}

struct FindRowsPass : impl::FindRowsPassBase<FindRowsPass> {
  void runOnOperation() override {
    func::FuncOp entry = getOperation();
    if (entry.isExternal() || entry.getName() != "main")
      return;
    SmallVector<int64_t> bytes;
    int64_t prepared = 0;
    bool any = false;
    for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
      auto kind = entry.getArgAttrOfType<StringAttr>(i, "lamina.kind");
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type || !kind || (kind != "input" && kind != "weight" && kind != "prepared") || hasOtherOpenAxes(type))
        return;
      if (kind == "prepared") {
        ++prepared;
        continue;
      }
      any |= hasRows(argument);
      bytes.push_back(hasRows(argument) ? rowBytes(type) : 0);
    }
    for (auto [i, type] : llvm::enumerate(entry.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(type);
      if (entry.getResultAttr(i, "lamina.updates") || !tensor.getRank() || !tensor.isDynamicDim(0) ||
          hasOtherOpenAxes(tensor))
        return;
      bytes.push_back(rowBytes(tensor));
    }
    bytes.append(prepared, 0);
    WalkResult open = entry.walk([](Operation *op) {
      return llvm::any_of(op->getResultTypes(), hasOtherOpenAxes) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (!any || open.wasInterrupted() || !llvm::all_of(entry.front(), [](Operation &op) { return keepsRows(op); }))
      return;
    entry->setAttr("lamina.row_bytes", DenseI64ArrayAttr::get(&getContext(), bytes));
  }
};

} // namespace
} // namespace mlir::lamina
