#include <gtest/gtest.h>

#include "dialects/lamina/LaminaOps.h"

namespace lamina::testing {

namespace {

TEST(Coverage, EveryOpHasAGradientOrNeedsNone) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::lamina::LaminaDialect>();
  int ops = 0;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != "lamina")
      continue;
    ++ops;
    // Calls of kernels come long after differentiation.
    llvm::StringRef op = name.getStringRef();
    bool structural =
        name.hasTrait<mlir::OpTrait::IsTerminator>() || op == "lamina.gradient" || op == "lamina.call_kernel";
    bool differentiable = name.hasInterface<mlir::lamina::DifferentiableOpInterface>();
    bool declaredWithout = name.hasTrait<mlir::lamina::NonDifferentiable>();
    EXPECT_TRUE(structural || differentiable != declaredWithout) << name.getStringRef().str();
  }
  EXPECT_GT(ops, 50);
}

} // namespace

} // namespace lamina::testing
