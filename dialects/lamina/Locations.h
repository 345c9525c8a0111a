#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace mlir::lamina {

/// Where the derivative of an operation comes from: its place, marked as a gradient.
Location gradientOf(Location location);

/// Whether a part of the location is a gradient's.
bool hasGradient(Location location);

/// The layers that the location names, in its order, each once.
SmallVector<StringAttr> layersOf(Location location);

} // namespace mlir::lamina
