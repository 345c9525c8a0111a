#include "Structured.h"

#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/SmallBitVector.h"

namespace mlir::lamina {

OpFoldResult dimSize(OpBuilder &b, Location loc, Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return b.getIndexAttr(type.getDimSize(dim));
  Operation *op = tensor.getDefiningOp();
  if (auto destination = dyn_cast_or_null<DestinationStyleOpInterface>(op))
    return dimSize(b, loc, destination.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
  if (auto empty = dyn_cast_or_null<tensor::EmptyOp>(op))
    return empty.getMixedSizes()[dim];
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    return expand.getMixedOutputShape()[dim];
  if (auto slice = dyn_cast_or_null<tensor::ExtractSliceOp>(op)) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    for (auto [source, size] : llvm::enumerate(slice.getMixedSizes()))
      if (!dropped.test(source) && dim-- == 0)
        return size;
  }
  if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(op))
    return dimSize(b, loc, insert.getDest(), dim);
  if (auto cast = dyn_cast_or_null<tensor::CastOp>(op))
    return dimSize(b, loc, cast.getSource(), dim);
  if (auto loop = dyn_cast_or_null<scf::ForOp>(op))
    return dimSize(b, loc, loop.getInitArgs()[mlir::cast<OpResult>(tensor).getResultNumber()], dim);
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    Operation *parent = argument.getOwner()->getParentOp();
    unsigned number = argument.getArgNumber();
    if (auto loop = dyn_cast_or_null<scf::ForOp>(parent); loop && number > 0)
      return dimSize(b, loc, loop.getInitArgs()[number - 1], dim);
    if (auto scan = dyn_cast_or_null<ScanOp>(parent)) {
      unsigned states = scan.getInits().size();
      return number < states ? dimSize(b, loc, scan.getInits()[number], dim)
                             : dimSize(b, loc, scan.getSequences()[number - states], dim + 1);
    }
  }
  if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(op)) {
    SmallVector<OpFoldResult> group;
    SmallVector<ReassociationIndices> groups = collapse.getReassociationIndices();
    for (int64_t source : groups[dim])
      group.push_back(dimSize(b, loc, collapse.getSrc(), source));
    return productOf(b, loc, group);
  }
  if (auto pad = dyn_cast_or_null<tensor::PadOp>(op)) {
    AffineExpr s0, s1, s2;
    bindSymbols(b.getContext(), s0, s1, s2);
    return sizeExpr(b, loc, s0 + s1 + s2,
                    {pad.getMixedLowPad()[dim], dimSize(b, loc, pad.getSource(), dim), pad.getMixedHighPad()[dim]});
  }
  return b.createOrFold<tensor::DimOp>(loc, tensor, dim);
}

SmallVector<OpFoldResult> dimSizes(OpBuilder &b, Location loc, Value tensor) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < cast<RankedTensorType>(tensor.getType()).getRank(); ++dim)
    sizes.push_back(dimSize(b, loc, tensor, dim));
  return sizes;
}

OpFoldResult sizeExpr(OpBuilder &b, Location loc, AffineExpr expr, ArrayRef<OpFoldResult> symbols) {
  return affine::makeComposedFoldedAffineApply(b, loc, AffineMap::get(0, symbols.size(), expr), symbols);
}

OpFoldResult productOf(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes) {
  int64_t known = 1;
  Value open;
  for (OpFoldResult size : sizes) {
    if (int64_t constant = staticSize(size); !ShapedType::isDynamic(constant)) {
      known *= constant;
      continue;
    }
    Value value = getValueOrCreateConstantIndexOp(b, loc, size);
    open = open ? arith::MulIOp::create(b, loc, open, value).getResult() : value;
  }
  if (!open || known == 0)
    return b.getIndexAttr(known);
  if (known == 1)
    return open;
  return sizeExpr(b, loc, b.getAffineSymbolExpr(0) * known, {OpFoldResult(open)});
}

int64_t staticSize(OpFoldResult size) { return getConstantIntValue(size).value_or(ShapedType::kDynamic); }

SmallVector<OpFoldResult> foldSizes(OpBuilder &b, ArrayRef<OpFoldResult> sizes) {
  return llvm::map_to_vector(sizes, [&](OpFoldResult size) {
    std::optional<int64_t> constant = getConstantIntValue(size);
    return constant ? OpFoldResult(b.getIndexAttr(*constant)) : size;
  });
}

Value emptyTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(b, loc, foldSizes(b, sizes), element);
}

Value filledTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, loc, value);
  Value empty = emptyTensor(b, loc, sizes, value.getType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

// A dropped dimension joins the kept one before it; those in front join the first kept one.
static SmallVector<ReassociationIndices> groupsWithout(const llvm::SmallBitVector &dims) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices front;
  for (unsigned dim = 0; dim < dims.size(); ++dim) {
    if (!dims.test(dim)) {
      groups.emplace_back();
      groups.back().append(front);
      front.clear();
    }
    (groups.empty() ? front : groups.back()).push_back(dim);
  }
  return groups;
}

Value dropDims(OpBuilder &b, Location loc, Value tensor, const llvm::SmallBitVector &dims) {
  if (dims.none())
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  for (unsigned dim = 0; dim < dims.size(); ++dim)
    if (!dims.test(dim))
      shape.push_back(type.getDimSize(dim));
  auto collapsed = RankedTensorType::get(shape, type.getElementType());
  return b.createOrFold<tensor::CollapseShapeOp>(loc, collapsed, tensor, groupsWithout(dims));
}

Value expandTo(OpBuilder &b, Location loc, Value tensor, ArrayRef<OpFoldResult> sizes,
               const llvm::SmallBitVector &unitDims) {
  if (unitDims.none())
    return tensor;
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(staticSize(size));
  auto type = RankedTensorType::get(shape, cast<RankedTensorType>(tensor.getType()).getElementType());
  return b.createOrFold<tensor::ExpandShapeOp>(loc, type, tensor, groupsWithout(unitDims), foldSizes(b, sizes));
}

Value castTo(OpBuilder &b, Location loc, Value tensor, Type type) {
  if (tensor.getType() == type)
    return tensor;
  if (auto cast = tensor.getDefiningOp<tensor::CastOp>(); cast && cast.getSource().getType() == type)
    return cast.getSource();
  return b.createOrFold<tensor::CastOp>(loc, type, tensor);
}

TypedAttr splatOf(Value tensor) {
  DenseElementsAttr elements;
  if (!matchPattern(tensor, m_Constant(&elements)) || !elements.isSplat())
    return {};
  return cast<TypedAttr>(elements.getSplatValue<Attribute>());
}

Value scalarOf(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (auto elements = dyn_cast<tensor::FromElementsOp>(op))
      return elements.getElements().size() == 1 ? elements.getElements()[0] : Value();
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(op))
      return {};
    tensor = op->getOperand(0);
  }
  return {};
}

} // namespace mlir::lamina
