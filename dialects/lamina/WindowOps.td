include "dialects/lamina/LaminaBase.td"

// Tensors are channels last, [batch, spatial…, channels], with any number of spatial axes. `strides` and `dilations` have one
// entry a spatial axis; empty means ones. `padding` is "valid", "same" (as Keras, also for `?`) or (low, high) pairs.

defvar Ones = DefaultValuedAttr<DenseI64ArrayAttr, "{}">;

defvar WindowDeclarations = [{
  ::mlir::lamina::Window getWindowInfo();
}];

def ConvOp : Lamina_Op<"conv", [Pure, Differentiable], WindowDeclarations> {
  let summary = "convolution";
  let description = [{
    Input [N, S…, C], kernel [K…, C / groups, F], result [N, S'…, F]. The kernel is not flipped. `groups` = C makes it
    depthwise.

    ```mlir
    // %x: tensor<?x28x28x3xf32>, %k: tensor<3x3x3x8xf32>
    %y = lamina.conv %x, %k {strides = array<i64: 2, 2>, padding = "same"} : tensor<?x28x28x3xf32>, tensor<3x3x3x8xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$input, Lamina_FloatTensor:$kernel, Ones:$strides, Ones:$dilations,
                       DefaultValuedAttr<Lamina_Int, "1">:$groups, PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = "$input `,` $kernel attr-dict `:` type($input) `,` type($kernel)";
}

def ConvTransposeOp : Lamina_Op<"conv_transpose", [Pure, Differentiable], WindowDeclarations> {
  let summary = "transposed convolution: the gradient of `conv` with respect to its input";
  let description = [{
    Input [N, S'…, F], kernel [K…, C / groups, F], result [N, S…, C]. `shape` is the result's S…; `conv` with the same
    attributes over it has the input's S'….

    ```mlir
    // %dy: tensor<?x14x14x8xf32>, %k: tensor<3x3x3x8xf32>
    %dx = lamina.conv_transpose %dy, %k to [28, 28] {strides = array<i64: 2, 2>, padding = "same"}
        : tensor<?x14x14x8xf32>, tensor<3x3x3x8xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$input, Lamina_FloatTensor:$kernel, Variadic<Index>:$dims,
                       DenseI64ArrayAttr:$shape, Ones:$strides, Ones:$dilations,
                       DefaultValuedAttr<Lamina_Int, "1">:$groups, PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $kernel `to` custom<Shape>($shape, $dims) attr-dict `:` type($input) `,` type($kernel)
  }];
}

def ConvKernelGradOp : Lamina_Op<"conv_kernel_grad", [Pure, Differentiable], WindowDeclarations> {
  let summary = "the gradient of `conv` with respect to its kernel";
  let description = [{
    Input [N, S…, C], cotangent [N, S'…, F], result [K…, C / groups, F]. `kernel_shape` is K….

    ```mlir
    // %x: tensor<?x28x28x3xf32>, %dy: tensor<?x14x14x8xf32>
    %dk = lamina.conv_kernel_grad %x, %dy kernel [3, 3] {strides = array<i64: 2, 2>, padding = "same"}
        : tensor<?x28x28x3xf32>, tensor<?x14x14x8xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$input, Lamina_FloatTensor:$cotangent, DenseI64ArrayAttr:$kernel_shape,
                       Ones:$strides, Ones:$dilations, DefaultValuedAttr<Lamina_Int, "1">:$groups, PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $cotangent `kernel` $kernel_shape attr-dict `:` type($input) `,` type($cotangent)
  }];
}

class PoolOp<string mnemonic, string value> : Lamina_Op<mnemonic, [Pure, Differentiable], WindowDeclarations> {
  let summary = value # " of each window";
  let description = "Input and result are [N, spatial…, C]. Padding takes no part." #
                    "\n\n```mlir\n// %x: tensor<?x28x28x3xf32>\n%y = lamina." # mnemonic #
                    " %x window [2, 2] {padding = \"valid\", strides = array<i64: 2, 2>} : tensor<?x28x28x3xf32>\n```";
  let arguments = (ins Lamina_FloatTensor:$input, DenseI64ArrayAttr:$window, Ones:$strides, PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = "$input `window` $window attr-dict `:` type($input)";
}

def MaxPoolOp : PoolOp<"max_pool", "the largest element">;
def AvgPoolOp : PoolOp<"avg_pool", "the mean">;

def MaxPoolGradOp : Lamina_Op<"max_pool_grad", [Pure, Differentiable], WindowDeclarations> {
  let summary = "the gradient of `max_pool`";
  let description = [{
    Each window's cotangent goes to its first largest element. The result has the input's shape.

    ```mlir
    // %x: tensor<?x28x28x3xf32>, %dy: tensor<?x14x14x3xf32>
    %dx = lamina.max_pool_grad %x, %dy window [2, 2] {padding = "valid", strides = array<i64: 2, 2>}
        : tensor<?x28x28x3xf32>, tensor<?x14x14x3xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$input, Lamina_FloatTensor:$cotangent, DenseI64ArrayAttr:$window, Ones:$strides,
                       PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = "$input `,` $cotangent `window` $window attr-dict `:` type($input) `,` type($cotangent)";
}

def AvgPoolGradOp : Lamina_Op<"avg_pool_grad", [Pure, Differentiable], WindowDeclarations> {
  let summary = "the gradient of `avg_pool`";
  let description = [{
    `shape` is the spatial shape of the pooled tensor, and of the result.

    ```mlir
    // %dy: tensor<?x14x14x3xf32>
    %dx = lamina.avg_pool_grad %dy to [28, 28] window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x14x14x3xf32>
    ```
  }];
  let arguments = (ins Lamina_FloatTensor:$cotangent, Variadic<Index>:$dims, DenseI64ArrayAttr:$shape,
                       DenseI64ArrayAttr:$window, Ones:$strides, PaddingAttr:$padding);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = [{
    $cotangent `to` custom<Shape>($shape, $dims) `window` $window attr-dict `:` type($cotangent)
  }];
}
