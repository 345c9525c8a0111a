#ifndef LAMINA_INTERFACES
#define LAMINA_INTERFACES

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let description = [{
    The op's reverse-mode rule, written in lamina ops.
  }];
  let cppNamespace = "::mlir::lamina";
  let methods = [
    InterfaceMethod<[{
        Reads the cotangents of the results from `builder` and passes on those of the operands, and of values from above that
        the op's regions use. At least one result has a cotangent.
      }],
      "void", "buildGradient", (ins "::mlir::lamina::GradientBuilder &":$builder)>
  ];
}

// Nothing flows back through the op: its results are not floats, do not depend on an operand, or are constant around almost
// every point.
def NonDifferentiable : NativeOpTrait<"NonDifferentiable"> {
  let cppNamespace = "::mlir::lamina";
}

#endif
