include "dialects/lamina/LaminaBase.td"

def DotGeneralOp : Lamina_Op<"dot_general"> {
  let summary = "sum of products over the contracting axes, for each batch index";
  let description = [{
    The result's axes are the batch axes, the free axes of `lhs`, the free axes of `rhs`. Batch and contracting axes are
    listed in pairs.

    ```mlir
    // %x: tensor<?x784xf32>, %w: tensor<784x10xf32>
    %y = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x784xf32>, tensor<784x10xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$lhs, Lamina_Tensor:$rhs,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$lhs_batching,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$rhs_batching,
                       DenseI64ArrayAttr:$lhs_contracting, DenseI64ArrayAttr:$rhs_contracting);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`batching` $lhs_batching^ `x` $rhs_batching)? `contracting` $lhs_contracting `x` $rhs_contracting
    attr-dict `:` type($lhs) `,` type($rhs)
  }];
}
