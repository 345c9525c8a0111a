include "dialects/lamina/LaminaBase.td"

def ReduceOp : Lamina_Op<"reduce"> {
  let summary = "combines the elements along axes";
  let description = [{
    Kinds: sum, prod, min, max, maxnum of numbers, any, all of booleans. With `keepdims` a reduced axis stays, with size 1.
    Over no elements the result is the kind's neutral element: 0, 1, the largest, the smallest value, the same, false, true.
    A NaN among the elements makes the result NaN, but for maxnum, which may then be any of the elements.

    ```mlir
    // %x: tensor<?x4x8xf32>
    %y = lamina.reduce sum, %x axes [1, 2] : tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins ReduceKindAttr:$kind, Lamina_Tensor:$input, DenseI64ArrayAttr:$axes,
                       DefaultValuedAttr<BoolAttr, "false">:$keepdims);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "custom<Keyword>($kind) `,` $input `axes` $axes attr-dict `:` type($input)";
  let hasFolder = 1;
}

def ArgmaxOp : Lamina_Op<"argmax", [Pure, NonDifferentiable]> {
  let summary = "index of the first largest element along an axis";
  let description = [{
    The axis is dropped; the result is i32.

    ```mlir
    // %x: tensor<?x10xf32>
    %y = lamina.argmax %x axis 1 : tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, Lamina_Int:$axis);
  let results = (outs Lamina_IntTensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($input)";
}

def SizeOp : Lamina_Op<"size", [Pure, NonDifferentiable]> {
  let summary = "number of elements over axes, as f32";
  let description = [{
    What a sum over the same axes is divided by to give the mean, where dimensions are unknown.

    ```mlir
    // %x: tensor<?x4x8xf32>
    %n = lamina.size %x axes [0, 1] : tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = "$input `axes` $axes attr-dict `:` type($input)";
  let hasFolder = 1;
}

def CumsumOp : Lamina_Op<"cumsum"> {
  let summary = "running sum along an axis";
  let description = [{
    `exclusive` leaves the element itself out, `reverse` runs from the end.

    ```mlir
    // %x: tensor<?x10xf32>
    %y = lamina.cumsum %x axis 1 {exclusive = true} : tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, Lamina_Int:$axis, DefaultValuedAttr<BoolAttr, "false">:$exclusive,
                       DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($input)";
}
