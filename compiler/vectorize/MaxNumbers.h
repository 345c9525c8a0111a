#pragma once

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::lamina {

/// Writes `arith.maxnumf` as comparisons, of which one is enough where an operand is known to be no NaN, as what a
/// reduction has found so far is; some targets would call a library function. Extremes of vectors whose length is no
/// power of two likewise, which LLVM takes one by one.
void expandExtremes(FunctionOpInterface function);

} // namespace mlir::lamina
