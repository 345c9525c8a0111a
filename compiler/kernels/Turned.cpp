#include "compiler/kernels/Turned.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace mlir::lamina {

SmallVector<int64_t> withLast(int64_t rank, int64_t last) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::rotate(order.begin() + last, order.begin() + last + 1, order.end());
  return order;
}

Value turned(OpBuilder &builder, Value tensor, ArrayRef<int64_t> order) {
  Location loc = tensor.getLoc();
  MLIRContext *context = builder.getContext();
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tensor);
  applyPermutationToVector(sizes, order);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  AffineMap from = inversePermutation(AffineMap::getPermutationMap(order, context));
  auto copy = linalg::GenericOp::create(
      builder, loc, TypeRange{empty.getType()}, ValueRange{tensor}, ValueRange{empty},
      ArrayRef<AffineMap>{from, identity}, iterators,
      [](OpBuilder &b, Location l, ValueRange arguments) { linalg::YieldOp::create(b, l, arguments[0]); });
  return copy.getResult(0);
}

} // namespace mlir::lamina
