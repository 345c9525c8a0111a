#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace mlir::lamina {

namespace {

/// The axes of one operand of a dot_general by their role.
struct Side {
  Value value;
  SmallVector<int64_t> batching, contracting, free;

  Side(Value value, ArrayRef<int64_t> batchingAxes, ArrayRef<int64_t> contractingAxes) : value(value) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    batching = normalizeAxes(batchingAxes, rank);
    contracting = normalizeAxes(contractingAxes, rank);
    for (int64_t axis : llvm::seq(rank))
      if (!llvm::is_contained(batching, axis) && !llvm::is_contained(contracting, axis))
        free.push_back(axis);
  }

  /// The positions in `contracting` in the order in which the axes stand in the tensor.
  SmallVector<int64_t> contractingInOrder() const {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, contracting.size()));
    llvm::sort(order, [&](int64_t a, int64_t b) { return contracting[a] < contracting[b]; });
    return order;
  }
};

Term dot(GradientBuilder &b, const Side &lhs, const Side &rhs) {
  Builder &builder = b.getBuilder();
  return b.create<DotGeneralOp>(
      lhs.value, rhs.value, builder.getDenseI64ArrayAttr(lhs.batching), builder.getDenseI64ArrayAttr(rhs.batching),
      builder.getDenseI64ArrayAttr(lhs.contracting), builder.getDenseI64ArrayAttr(rhs.contracting));
}

/// The cotangent of `target`; the free axes of `other` start at `otherOffset` in the result.
Term operandCotangent(GradientBuilder &b, const Side &target, const Side &other, int64_t otherOffset) {
  int64_t batch = target.batching.size();
  auto batchAxes = llvm::to_vector(llvm::seq<int64_t>(0, batch));
  auto otherAxes = llvm::to_vector(llvm::seq<int64_t>(otherOffset, otherOffset + other.free.size()));
  Side g(b.cotangent(), batchAxes, otherAxes);
  Side across(other.value, other.batching, other.free);

  // Axes of the target in the order in which the two products give them.
  SmallVector<int64_t> contracted;
  for (int64_t position : other.contractingInOrder())
    contracted.push_back(target.contracting[position]);
  SmallVector<int64_t> freeFirst(target.batching), freeLast(target.batching);
  llvm::append_range(freeFirst, target.free);
  llvm::append_range(freeFirst, contracted);
  llvm::append_range(freeLast, contracted);
  llvm::append_range(freeLast, target.free);

  // The target's last axis stays the last: a product that gives it elsewhere writes across its rows.
  if (!freeLast.empty() && freeLast.back() == static_cast<int64_t>(freeLast.size()) - 1 &&
      !isIdentityPermutation(freeFirst))
    return b.transpose(dot(b, across, g), invertPermutationVector(freeLast));
  return b.transpose(dot(b, g, across), invertPermutationVector(freeFirst));
}

} // namespace

void DotGeneralOp::buildGradient(GradientBuilder &b) {
  Side lhs(getLhs(), getLhsBatching(), getLhsContracting());
  Side rhs(getRhs(), getRhsBatching(), getRhsContracting());
  int64_t lhsOffset = lhs.batching.size(), rhsOffset = lhsOffset + lhs.free.size();
  // da = Σ g · b over the free axes of b
  if (b.wanted(lhs.value))
    b.propagate(lhs.value, operandCotangent(b, lhs, rhs, rhsOffset));
  // db = Σ a · g over the free axes of a
  if (b.wanted(rhs.value))
    b.propagate(rhs.value, operandCotangent(b, rhs, lhs, lhsOffset));
}

} // namespace mlir::lamina
