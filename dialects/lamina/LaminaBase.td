#ifndef LAMINA_BASE
#define LAMINA_BASE

include "dialects/lamina/LaminaAttrs.td"
include "dialects/lamina/LaminaInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lamina_Dialect : Dialect {
  let name = "lamina";
  let cppNamespace = "::mlir::lamina";
  let summary = "Tensor math of Keras layers";
  let description = [{
    Tensors with value semantics. `?` is allowed in every dimension. Elementwise ops broadcast as numpy does: ranks align at
    the right, 1 stretches, `?` against `?` is equal, `?` against n > 1 is n. Result types are always inferred.
    Negative axes count from the end.

    A `shape` attribute lists result dimensions: n is static, `infer` (-1) follows from the number of elements, `dim k`
    (-2 - k) is the k-th dimension of the input, and an SSA value of type `index` is a dimension from elsewhere.
  }];
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// Attributes and ops of KernelOps.td.
    void registerKernels();
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def Lamina_Tensor : RankedTensorOf<[F16, BF16, F32, F64, I1, I8, I32, I64], [], "tensor">;
def Lamina_FloatTensor : RankedTensorOf<[F16, BF16, F32, F64], [], "tensor">;
def Lamina_IntTensor : RankedTensorOf<[I8, I32, I64], [], "tensor">;
def Lamina_BoolTensor : RankedTensorOf<[I1], [], "tensor">;
def Lamina_Int : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}
def Lamina_Seed
    : Type<And<[RankedTensorOf<[I64]>.predicate, HasAnyRankOfPred<[0]>]>, "a seed, tensor<i64>", "::mlir::RankedTensorType">,
      BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;

// The gradient is implemented in <Family>Gradients.cpp.
defvar Differentiable = DeclareOpInterfaceMethods<DifferentiableOpInterface, ["buildGradient"]>;

defvar inferReturnTypesDefinition = [{
  ::llvm::LogicalResult $cppClass::inferReturnTypes(
      ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location, ::mlir::ValueRange operands,
      ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
      ::llvm::SmallVectorImpl<::mlir::Type> &inferredReturnTypes) {
    return ::mlir::lamina::inferWith<$cppClass>(context, location, operands, attributes, properties, regions,
                                                inferredReturnTypes);
  }
}];

// An op of the dialect. Its result types come from
//   FailureOr<Type> inferType(Inference &, Adaptor)              with one result, or
//   LogicalResult inferTypes(Inference &, Adaptor)               with `manyResults`.
class Lamina_BaseOp<string mnemonic, list<Trait> traits, code inference, code declarations>
    : Op<Lamina_Dialect, mnemonic, !listconcat([DeclareOpInterfaceMethods<InferTypeOpInterface>], traits)> {
  let extraClassDeclaration = inference # declarations;
  let extraClassDefinition = inferReturnTypesDefinition;
}

class Lamina_Op<string mnemonic, list<Trait> traits = [Pure, Differentiable], code declarations = "">
    : Lamina_BaseOp<mnemonic, traits, [{
        static ::llvm::FailureOr<::mlir::Type> inferType(::mlir::lamina::Inference &inference, Adaptor op);
      }], declarations>;

class Lamina_ManyResultsOp<string mnemonic, list<Trait> traits, code declarations = "">
    : Lamina_BaseOp<mnemonic, traits, [{
        static ::llvm::LogicalResult inferTypes(::mlir::lamina::Inference &inference, Adaptor op);
      }], declarations>;

#endif
