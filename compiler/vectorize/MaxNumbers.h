#pragma once

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::lamina {

/// Writes `arith.maxnumf` as comparisons, of which one is enough where an operand is known to be no NaN, as what a
/// reduction has found so far is. Some targets would call a library function.
void expandMaxNumbers(FunctionOpInterface function);

} // namespace mlir::lamina
