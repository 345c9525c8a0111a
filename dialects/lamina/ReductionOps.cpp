#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {

FailureOr<Type> ReduceOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  bool logical = op.getKind() == ReduceKind::any || op.getKind() == ReduceKind::all;
  if (failed(inference.checkElements(type.getElementType(), logical ? Elements::Bool : Elements::Numeric)))
    return failure();
  FailureOr<SmallVector<int64_t>> axes = inference.axes(op.getAxes(), type);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [axis, size] : llvm::enumerate(type.getShape())) {
    if (!llvm::is_contained(*axes, static_cast<int64_t>(axis)))
      shape.push_back(size);
    else if (op.getKeepdims())
      shape.push_back(1);
  }
  return type.clone(shape);
}

FailureOr<Type> ArgmaxOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  FailureOr<int64_t> axis = inference.axis(op.getAxis(), type);
  if (failed(axis) || failed(inference.checkElements(type.getElementType(), Elements::Numeric)))
    return failure();
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + *axis);
  return RankedTensorType::get(shape, IntegerType::get(type.getContext(), 32));
}

FailureOr<Type> SizeOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  if (failed(inference.axes(op.getAxes(), type)))
    return failure();
  return RankedTensorType::get({}, Float32Type::get(type.getContext()));
}

FailureOr<Type> CumsumOp::inferType(Inference &inference, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  if (failed(inference.axis(op.getAxis(), type)) ||
      failed(inference.checkElements(type.getElementType(), Elements::Numeric)))
    return failure();
  return type;
}

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/ReductionOps.cpp.inc"
