#ifndef LAMINA_COMPILER_PASSES
#define LAMINA_COMPILER_PASSES

include "mlir/Pass/PassBase.td"

def DifferentiatePass : Pass<"lamina-differentiate", "::mlir::func::FuncOp"> {
  let summary = "Replace every gradient by the ops that compute it";
  let description = [{
    Reverse mode: walks backwards from the losses and asks each op for the cotangents of its operands. Fails at an op that has
    no gradient but passes floats from a `wrt` value to a loss. A scan becomes two, the first one also giving what the second
    reads back.
  }];
  let dependentDialects = ["::mlir::lamina::LaminaDialect", "::mlir::tensor::TensorDialect"];
}

#endif // LAMINA_COMPILER_PASSES
