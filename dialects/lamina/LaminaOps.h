#pragma once

#include "dialects/lamina/Assembly.h"
#include "dialects/lamina/Inference.h"
#include "dialects/lamina/LaminaDialect.h"
#include "dialects/lamina/Window.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::lamina {
class GradientBuilder;
class ScanOp;
class YieldOp;

template <typename ConcreteOp> class NonDifferentiable : public OpTrait::TraitBase<ConcreteOp, NonDifferentiable> {};
} // namespace mlir::lamina

#include "dialects/lamina/LaminaInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/lamina/AttentionOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/ContractionOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/ElementwiseOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/RandomOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/RecurrentOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/ReductionOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/ShapeOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/lamina/WindowOps.h.inc"

namespace mlir::lamina {

/// Whether the op computes each element from the operands' elements at the same place, after broadcasting.
bool isElementwise(Operation *op);

} // namespace mlir::lamina
