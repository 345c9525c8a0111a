#pragma once

#include "dialects/lamina/LaminaDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_ATTRDEF_CLASSES
#include "dialects/lamina/KernelAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/lamina/KernelOps.h.inc"
