include "dialects/lamina/LaminaBase.td"

class UnaryOp<string mnemonic, string elements, string formula, Trait gradient = Differentiable>
    : Lamina_Op<mnemonic, [Pure, gradient], [{
        static constexpr ::mlir::lamina::Elements operandElements() { return ::mlir::lamina::Elements::}] # elements # [{; }
      }]> {
  let summary = "elementwise " # formula;
  defvar type = !cond(!eq(elements, "Bool") : "i1", true : "f32");
  let description = "Each element is " # formula # ".\n\n```mlir\n// %x: tensor<?x4x" # type # ">\n%y = lamina." # mnemonic #
                    " %x : tensor<?x4x" # type # ">\n```";
  let arguments = (ins Lamina_Tensor:$input);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasFolder = 1;
  let extraClassDefinition = !strconcat([{
    ::llvm::FailureOr<::mlir::Type> $cppClass::inferType(::mlir::lamina::Inference &inference, Adaptor op) {
      return inference.unary(op.getInput(), operandElements());
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return ::mlir::lamina::foldElementwise(*this, adaptor.getOperands());
    }
  }], inferReturnTypesDefinition);
}

def AbsOp : UnaryOp<"abs", "Numeric", "|x|">;
def NegOp : UnaryOp<"neg", "Numeric", "-x">;
def SignOp : UnaryOp<"sign", "Numeric", "-1, 0 or 1, as x is negative, zero or positive", NonDifferentiable>;
def ReluOp : UnaryOp<"relu", "Numeric", "max(x, 0)">;
def ExpOp : UnaryOp<"exp", "Float", "e^x">;
def Expm1Op : UnaryOp<"expm1", "Float", "e^x - 1, exact near 0">;
def LogOp : UnaryOp<"log", "Float", "ln(x)">;
def Log1pOp : UnaryOp<"log1p", "Float", "ln(1 + x), exact near 0">;
def SqrtOp : UnaryOp<"sqrt", "Float", "the square root of x">;
def RsqrtOp : UnaryOp<"rsqrt", "Float", "1 / sqrt(x)">;
def TanhOp : UnaryOp<"tanh", "Float", "tanh(x)">;
def SigmoidOp : UnaryOp<"sigmoid", "Float", "1 / (1 + e^-x)">;
def SoftplusOp : UnaryOp<"softplus", "Float", "ln(1 + e^x), without overflow">;
def ErfOp : UnaryOp<"erf", "Float", "the error function of x">;
def SinOp : UnaryOp<"sin", "Float", "sin(x)">;
def CosOp : UnaryOp<"cos", "Float", "cos(x)">;
def FloorOp : UnaryOp<"floor", "Float", "the largest integer not above x", NonDifferentiable>;
def CeilOp : UnaryOp<"ceil", "Float", "the smallest integer not below x", NonDifferentiable>;
def RoundOp : UnaryOp<"round", "Float", "the nearest integer, halves to even", NonDifferentiable>;
def NotOp : UnaryOp<"not", "Bool", "the negation of x", NonDifferentiable>;
def StopGradientOp : UnaryOp<"stop_gradient", "Any", "x; nothing flows back through it", NonDifferentiable>;

def IsFiniteOp : Lamina_Op<"is_finite", [Pure, NonDifferentiable]> {
  let summary = "whether x is neither infinite nor NaN";
  let description = [{
    ```mlir
    // %x: tensor<?x4xf32>
    %y = lamina.is_finite %x : tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$input);
  let results = (outs Lamina_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasFolder = 1;
}

class BinaryOp<string mnemonic, string elements, string formula, string note = "", list<Trait> traits = [],
               Trait gradient = Differentiable>
    : Lamina_Op<mnemonic, !listconcat([Pure, gradient], traits), [{
        static constexpr ::mlir::lamina::Elements operandElements() { return ::mlir::lamina::Elements::}] # elements # [{; }
      }]> {
  let summary = "elementwise " # formula;
  defvar type = !cond(!eq(elements, "Bits") : "i1", !eq(elements, "Integer") : "i64", true : "f32");
  let description = "Each element is " # formula # "." # note # "\n\n```mlir\n// %a: tensor<?x4x" # type # ">, %b: tensor<4x" #
                    type # ">\n%y = lamina." # mnemonic # " %a, %b : tensor<?x4x" # type # ">, tensor<4x" # type # ">\n```";
  let arguments = (ins Lamina_Tensor:$lhs, Lamina_Tensor:$rhs);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
  let hasFolder = 1;
  let extraClassDefinition = !strconcat([{
    ::llvm::FailureOr<::mlir::Type> $cppClass::inferType(::mlir::lamina::Inference &inference, Adaptor op) {
      return inference.elementwise({op.getLhs(), op.getRhs()}, operandElements());
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
      return ::mlir::lamina::foldElementwise(*this, adaptor.getOperands());
    }
  }], inferReturnTypesDefinition);
}

def AddOp : BinaryOp<"add", "Numeric", "a + b", "", [Commutative]> { let hasCanonicalizer = 1; }
def SubOp : BinaryOp<"sub", "Numeric", "a - b"> { let hasCanonicalizer = 1; }
def MulOp : BinaryOp<"mul", "Numeric", "a * b", "", [Commutative]> { let hasCanonicalizer = 1; }
def DivOp : BinaryOp<"div", "Numeric", "a / b", " Integers round towards zero; an integer divided by zero is 0."> {
  let hasCanonicalizer = 1;
}
def RemOp : BinaryOp<"rem", "Numeric", "the remainder of a / b, with a's sign",
                     " The remainder of an integer and zero is 0.">;
def PowOp : BinaryOp<"pow", "Float", "a to the power b"> { let hasCanonicalizer = 1; }
def Atan2Op : BinaryOp<"atan2", "Float", "the angle between the first axis and the point (b, a), in [-pi, pi]">;
def MaximumOp : BinaryOp<"maximum", "Numeric", "the larger of a and b", " NaN if either is.", [Commutative]>;
def MinimumOp : BinaryOp<"minimum", "Numeric", "the smaller of a and b", " NaN if either is.", [Commutative]>;
def AndOp : BinaryOp<"and", "Bits", "whether a and b hold", " Of integers, for each bit.", [Commutative],
                     NonDifferentiable>;
def OrOp : BinaryOp<"or", "Bits", "whether a or b holds", " Of integers, for each bit.", [Commutative],
                    NonDifferentiable>;
def XorOp : BinaryOp<"xor", "Bits", "the bits in which a and b differ", "", [Commutative], NonDifferentiable>;
def ShiftRightOp : BinaryOp<"shift_right", "Integer", "a's bits moved b places down, zeros in front",
                            " By the width of a or more, or by a negative number, gives 0.", [], NonDifferentiable>;

def CompareOp : Lamina_Op<"compare", [Pure, NonDifferentiable]> {
  let summary = "whether `a predicate b` holds";
  let description = [{
    Comparisons with NaN are false, `ne` is true. Predicates: eq, ne, lt, le, gt, ge.

    ```mlir
    // %a: tensor<?x4xf32>, %b: tensor<4xf32>
    %y = lamina.compare lt, %a, %b : tensor<?x4xf32>, tensor<4xf32>
    ```
  }];
  let arguments = (ins ComparePredicateAttr:$predicate, Lamina_Tensor:$lhs, Lamina_Tensor:$rhs);
  let results = (outs Lamina_BoolTensor:$result);
  let assemblyFormat = "custom<Keyword>($predicate) `,` $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
  let hasFolder = 1;
}

def SelectOp : Lamina_Op<"select"> {
  let summary = "a where the condition holds, b elsewhere";
  let description = [{
    All three operands broadcast.

    ```mlir
    // %c: tensor<?x4xi1>, %a: tensor<?x4xf32>, %b: tensor<f32>
    %y = lamina.select %c, %a, %b : tensor<?x4xi1>, tensor<?x4xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Lamina_BoolTensor:$condition, Lamina_Tensor:$lhs, Lamina_Tensor:$rhs);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = [{
    $condition `,` $lhs `,` $rhs attr-dict `:` type($condition) `,` type($lhs) `,` type($rhs)
  }];
  let hasFolder = 1;
}

def CastOp : Lamina_Op<"cast"> {
  let summary = "x in another element type";
  let description = [{
    Floats become integers by rounding towards zero, saturating; NaN becomes 0. A boolean becomes 0 or 1; a number becomes
    the boolean `x != 0`.

    ```mlir
    // %x: tensor<?x4xf32>
    %y = lamina.cast %x to i32 : tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, TypeAttr:$dtype);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `to` $dtype attr-dict `:` type($input)";
  let hasFolder = 1;
}
