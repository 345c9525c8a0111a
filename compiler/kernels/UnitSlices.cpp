// Lets slices read from tensors without the unit axes that they would drop. Dropped axes next to unit tiles are told
// apart by strides further down, which is not always possible.

#include "compiler/kernels/Groups.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {

void collapseSlicedUnits(func::FuncOp entry) {
  IRRewriter rewriter(entry.getContext());
  SmallVector<tensor::ExtractSliceOp> slices;
  entry.walk([&](tensor::ExtractSliceOp slice) {
    // What is written back in its own shape stays as it is.
    if (llvm::none_of(slice.getSource().getUsers(), [](Operation *user) { return isa<tensor::InsertSliceOp>(user); }))
      slices.push_back(slice);
  });
  for (tensor::ExtractSliceOp slice : slices) {
    RankedTensorType source = slice.getSourceType();
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    SmallVector<ReassociationIndices> groups;
    SmallVector<int64_t> shape;
    SmallVector<OpFoldResult> offsets, sizes, strides;
    ReassociationIndices group;
    bool collapses = false;
    for (int64_t axis = 0; axis < source.getRank(); ++axis) {
      group.push_back(axis);
      if (dropped.test(axis) && source.getDimSize(axis) == 1) {
        collapses = true;
        continue;
      }
      groups.push_back(std::move(group));
      group.clear();
      shape.push_back(source.getDimSize(axis));
      offsets.push_back(slice.getMixedOffsets()[axis]);
      sizes.push_back(slice.getMixedSizes()[axis]);
      strides.push_back(slice.getMixedStrides()[axis]);
    }
    if (!collapses || groups.empty())
      continue;
    llvm::append_range(groups.back(), group);
    rewriter.setInsertionPoint(slice);
    Value collapsed =
        tensor::CollapseShapeOp::create(rewriter, slice.getLoc(), source.clone(shape), slice.getSource(), groups);
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(slice, slice.getType(), collapsed, offsets, sizes, strides);
  }
}

} // namespace mlir::lamina
