#include "dialects/lamina/LaminaDialect.h"

#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "dialects/lamina/LaminaDialect.cpp.inc"
#include "dialects/lamina/LaminaEnums.cpp.inc"
#include "dialects/lamina/LaminaInterfaces.cpp.inc"

namespace mlir::lamina {

void LaminaDialect::initialize() {
  registerKernels();
  addOperations<
#define GET_OP_LIST
#include "dialects/lamina/AttentionOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/ContractionOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/ElementwiseOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/RandomOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/RecurrentOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/ReductionOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/ShapeOps.cpp.inc"
      ,
#define GET_OP_LIST
#include "dialects/lamina/WindowOps.cpp.inc"
      >();
}

Operation *LaminaDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location location) {
  if (type.isIndex())
    return arith::ConstantOp::materialize(builder, value, type, location);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, location, elements);
}

} // namespace mlir::lamina
