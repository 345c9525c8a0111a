#pragma once

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::lamina {

/// Writes `arith.maxnumf` as a comparison: kernels take it for numbers, and where one is NaN may go on with either;
/// some targets would call a library function. Other extremes likewise, but keeping NaN, of vectors whose length is no
/// power of two, which LLVM takes one by one.
void expandExtremes(FunctionOpInterface function);

} // namespace mlir::lamina
