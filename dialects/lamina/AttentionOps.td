include "dialects/lamina/LaminaBase.td"

def AttentionOp : Lamina_ManyResultsOp<"attention", [AttrSizedOperandSegments, Pure, Differentiable]> {
  let summary = "weighted means of values, computed without a matrix of weights";
  let description = [{
    softmax(x) · value for each batch index, with x = query · keyᵀ + bias where the mask holds and `fill` elsewhere. Shapes are
    [batch…, queries, size], [batch…, keys, size] and [batch…, keys, columns]; bias and mask are of the same rank and
    broadcast to [batch…, queries, keys]. The results are [batch…, queries, columns] and, for each query, max x and
    Σ exp(x - max x), from which the derivative computes the weights again. `lamina-form-attention` writes the op where it
    pays.

    ```mlir
    // %q: tensor<?x4x1024x64xf32>, %k: tensor<?x4x2048x64xf32>, %mask: tensor<?x1x1x2048xi1>
    %y, %max, %sum = lamina.attention %q, %k, %k mask(%mask : tensor<?x1x1x2048xi1>)
      : tensor<?x4x1024x64xf32>, tensor<?x4x2048x64xf32>, tensor<?x4x2048x64xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$query, Lamina_FloatTensor:$key, Lamina_FloatTensor:$value,
                       Optional<Lamina_FloatTensor>:$bias, Optional<Lamina_BoolTensor>:$mask,
                       DefaultValuedAttr<F64Attr, "-1e38">:$fill);
  let results = (outs Lamina_FloatTensor:$result, Lamina_FloatTensor:$maximum, Lamina_FloatTensor:$sum);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`bias` `(` $bias^ `:` type($bias) `)`)? (`mask` `(` $mask^ `:` type($mask) `)`)?
    attr-dict `:` type($query) `,` type($key) `,` type($value)
  }];
}

def AttentionGradientOp
    : Lamina_ManyResultsOp<"attention_gradient", [AttrSizedOperandSegments, Pure, NonDifferentiable]> {
  let summary = "derivatives of lamina.attention by query, key and value";
  let description = [{
    Takes the operands and the last two results of `lamina.attention`, the cotangent of its first result, and for each query
    Σ cotangent · result over the columns.

    ```mlir
    // %q: tensor<4x1024x64xf32>, %k: tensor<4x2048x64xf32>, %dy: tensor<4x1024x64xf32>, %row: tensor<4x1024xf32>
    %dq, %dk, %dv = lamina.attention_gradient %q, %k, %k, %dy, %row, %row, %row
      : tensor<4x1024x64xf32>, tensor<4x2048x64xf32>, tensor<4x2048x64xf32>, tensor<4x1024x64xf32>, tensor<4x1024xf32>,
        tensor<4x1024xf32>, tensor<4x1024xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$query, Lamina_FloatTensor:$key, Lamina_FloatTensor:$value,
                       Lamina_FloatTensor:$cotangent, Lamina_FloatTensor:$maximum, Lamina_FloatTensor:$sum,
                       Lamina_FloatTensor:$projection, Optional<Lamina_FloatTensor>:$bias,
                       Optional<Lamina_BoolTensor>:$mask, DefaultValuedAttr<F64Attr, "-1e38">:$fill);
  let results = (outs Lamina_FloatTensor:$query_gradient, Lamina_FloatTensor:$key_gradient,
                      Lamina_FloatTensor:$value_gradient);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` $cotangent `,` $maximum `,` $sum `,` $projection
    (`bias` `(` $bias^ `:` type($bias) `)`)? (`mask` `(` $mask^ `:` type($mask) `)`)?
    attr-dict `:` type($query) `,` type($key) `,` type($value) `,` type($cotangent) `,` type($maximum) `,` type($sum) `,`
    type($projection)
  }];
}
