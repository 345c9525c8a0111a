#ifndef LAMINA_INTERFACES
#define LAMINA_INTERFACES

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let description = [{
    The op's reverse-mode rule, written in lamina ops. An op whose result does not depend smoothly on an operand leaves that
    operand's entry null.
  }];
  let cppNamespace = "::mlir::lamina";
  let methods = [
    InterfaceMethod<[{
        Emits the cotangent of every operand. `resultCotangents` has one value a result, null where nothing flows back;
        at least one is set. `operandCotangents` comes with one null value an operand; what is set must have the
        operand's type.
      }],
      "::llvm::LogicalResult", "buildGradient",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultCotangents,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandCotangents),
      /*methodBody=*/"",
      /*defaultImplementation=*/[{
        return $_op->emitOpError("has no gradient");
      }]>
  ];
}

#endif
