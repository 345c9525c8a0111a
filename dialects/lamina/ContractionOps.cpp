#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {
namespace {

// The axes of one operand: batch, contracting, and the rest in order.
struct Axes {
  SmallVector<int64_t> batching, contracting, free;
};

FailureOr<Axes> splitAxes(const Inference &inference, RankedTensorType type, ArrayRef<int64_t> batching,
                          ArrayRef<int64_t> contracting, StringRef what) {
  SmallVector<int64_t> all(batching);
  llvm::append_range(all, contracting);
  FailureOr<SmallVector<int64_t>> axes = inference.axes(all, type, what);
  if (failed(axes))
    return failure();
  Axes result;
  result.batching.assign(axes->begin(), axes->begin() + batching.size());
  result.contracting.assign(axes->begin() + batching.size(), axes->end());
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (!llvm::is_contained(*axes, axis))
      result.free.push_back(axis);
  return result;
}

} // namespace

FailureOr<Type> DotGeneralOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType lhs = tensorType(op.getLhs()), rhs = tensorType(op.getRhs());
  if (failed(inference.sameElements({op.getLhs(), op.getRhs()})) ||
      failed(inference.checkElements(lhs.getElementType(), Elements::Numeric)))
    return failure();
  if (op.getLhsBatching().size() != op.getRhsBatching().size() ||
      op.getLhsContracting().size() != op.getRhsContracting().size())
    return inference.fail("lists batch and contracting axes in pairs, but lhs has " +
                          Twine(op.getLhsBatching().size()) + " and " + Twine(op.getLhsContracting().size()) +
                          ", rhs " + Twine(op.getRhsBatching().size()) + " and " +
                          Twine(op.getRhsContracting().size()));
  FailureOr<Axes> left = splitAxes(inference, lhs, op.getLhsBatching(), op.getLhsContracting(), "lhs");
  if (failed(left))
    return failure();
  FailureOr<Axes> right = splitAxes(inference, rhs, op.getRhsBatching(), op.getRhsContracting(), "rhs");
  if (failed(right))
    return failure();
  auto meetAxes = [&](StringRef kind, int64_t leftAxis, int64_t rightAxis) -> FailureOr<int64_t> {
    int64_t leftSize = lhs.getDimSize(leftAxis), rightSize = rhs.getDimSize(rightAxis);
    if (std::optional<int64_t> size = meet(leftSize, rightSize))
      return *size;
    return inference.fail(kind + " dimensions differ: lhs " + formatShape(lhs) + " axis " + Twine(leftAxis) + " is " +
                          Twine(leftSize) + ", rhs " + formatShape(rhs) + " axis " + Twine(rightAxis) + " is " +
                          Twine(rightSize));
  };
  for (auto [l, r] : llvm::zip(left->contracting, right->contracting))
    if (failed(meetAxes("contracting", l, r)))
      return failure();
  SmallVector<int64_t> shape;
  for (auto [l, r] : llvm::zip(left->batching, right->batching)) {
    FailureOr<int64_t> size = meetAxes("batch", l, r);
    if (failed(size))
      return failure();
    shape.push_back(*size);
  }
  for (int64_t axis : left->free)
    shape.push_back(lhs.getDimSize(axis));
  for (int64_t axis : right->free)
    shape.push_back(rhs.getDimSize(axis));
  return RankedTensorType::get(shape, lhs.getElementType());
}

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/ContractionOps.cpp.inc"
