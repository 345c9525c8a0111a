#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {
namespace {

template <class Adaptor> FailureOr<Type> inferRandom(const Inference &inference, Adaptor op) {
  auto seed = dyn_cast<RankedTensorType>(op.getSeed().getType());
  if (!seed || seed.getRank() != 0 || !seed.getElementType().isInteger(64))
    return inference.fail("takes a seed of dtype int64 and shape ()");
  if (failed(inference.checkDType(op.getDtype())) || failed(inference.checkElements(op.getDtype(), Elements::Float)) ||
      failed(inference.checkSizes(op.getShape(), op.getDims())))
    return failure();
  return RankedTensorType::get(op.getShape(), op.getDtype());
}

} // namespace

FailureOr<Type> RandomUniformOp::inferType(Inference &inference, Adaptor op) { return inferRandom(inference, op); }

FailureOr<Type> RandomNormalOp::inferType(Inference &inference, Adaptor op) { return inferRandom(inference, op); }

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/RandomOps.cpp.inc"
