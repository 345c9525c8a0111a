#pragma once

namespace mlir {
class DialectRegistry;
}

namespace mlir::lamina {

/// Lets one-shot bufferization handle lamina.call_kernel.
void registerCallKernelBufferization(DialectRegistry &registry);

} // namespace mlir::lamina
