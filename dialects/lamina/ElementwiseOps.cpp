#include "dialects/lamina/ElementwiseFolds.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {

FailureOr<Type> IsFiniteOp::inferType(Inference &inference, Adaptor op) {
  FailureOr<Type> type = inference.unary(op.getInput(), Elements::Float);
  if (failed(type))
    return failure();
  return cast<RankedTensorType>(*type).clone(IntegerType::get(type->getContext(), 1));
}

FailureOr<Type> CompareOp::inferType(Inference &inference, Adaptor op) {
  bool ordered = op.getPredicate() != ComparePredicate::eq && op.getPredicate() != ComparePredicate::ne;
  FailureOr<Type> type = inference.elementwise({op.getLhs(), op.getRhs()}, ordered ? Elements::Numeric : Elements::Any);
  if (failed(type))
    return failure();
  return cast<RankedTensorType>(*type).clone(IntegerType::get(type->getContext(), 1));
}

FailureOr<Type> SelectOp::inferType(Inference &inference, Adaptor op) {
  if (!tensorType(op.getCondition()).getElementType().isInteger(1))
    return inference.fail("takes a condition of bool, not " +
                          formatDType(tensorType(op.getCondition()).getElementType()));
  if (failed(inference.sameElements({op.getLhs(), op.getRhs()})))
    return failure();
  FailureOr<SmallVector<int64_t>> shape = inference.broadcast({op.getCondition(), op.getLhs(), op.getRhs()});
  if (failed(shape))
    return failure();
  return RankedTensorType::get(*shape, tensorType(op.getLhs()).getElementType());
}

FailureOr<Type> CastOp::inferType(Inference &inference, Adaptor op) {
  Type dtype = op.getDtype();
  if (failed(inference.checkDType(dtype)))
    return failure();
  return tensorType(op.getInput()).clone(dtype);
}

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/ElementwiseOps.cpp.inc"
