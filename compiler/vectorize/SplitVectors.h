#pragma once

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::lamina {

/// Computes what is stored, or reduced, few registers at a time from its loads on, so that a chain of operations on a
/// vector of many registers does not spill them. Rows that are no whole number of registers but follow each other in
/// memory share registers. `lanes` are the elements of one register; so many registers are computed `together`, side by
/// side, as each operation of a chain waits for the last.
void splitVectors(FunctionOpInterface function, int64_t lanes, int64_t together);

} // namespace mlir::lamina
