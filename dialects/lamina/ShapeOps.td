include "dialects/lamina/LaminaBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def ConstantOp : Lamina_Op<"constant", [Pure, ConstantLike, NonDifferentiable]> {
  let summary = "a constant tensor";
  let description = [{
    ```mlir
    %half = lamina.constant dense<0.5> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def DimOp : Lamina_Op<"dim", [Pure, NonDifferentiable]> {
  let summary = "size of an axis, as `index`";
  let description = [{
    ```mlir
    // %x: tensor<?x4xf32>
    %n = lamina.dim %x axis 0 : tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, Lamina_Int:$axis);
  // Not plainly Index, for which ODS would generate a second inference.
  let results = (outs AnyTypeOf<[Index]>:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($input)";
  let hasFolder = 1;
}

def IotaOp : Lamina_Op<"iota", [Pure, NonDifferentiable]> {
  let summary = "each element is its index along an axis";
  let description = [{
    ```mlir
    // %n: index
    %i = lamina.iota [%n, 4] axis 0 : i32
    ```
  }];
  let arguments = (ins Variadic<Index>:$dims, DenseI64ArrayAttr:$shape, Lamina_Int:$axis, TypeAttr:$dtype);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "custom<Shape>($shape, $dims) `axis` $axis attr-dict `:` $dtype";
}

def ReshapeOp : Lamina_Op<"reshape"> {
  let summary = "the same elements in row-major order, in another shape";
  let description = [{
    See the dialect's description for `shape`.

    ```mlir
    // %x: tensor<?x4x6xf32>
    %y = lamina.reshape %x to [dim 0, infer, 8] : tensor<?x4x6xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, Variadic<Index>:$dims, DenseI64ArrayAttr:$shape);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `to` custom<Shape>($shape, $dims) attr-dict `:` type($input)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def BroadcastToOp : Lamina_Op<"broadcast_to"> {
  let summary = "stretches axes of size 1 and prepends axes";
  let description = [{
    ```mlir
    // %x: tensor<1x4xf32>, %n: index
    %y = lamina.broadcast_to %x to [%n, 3, dim 1] : tensor<1x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, Variadic<Index>:$dims, DenseI64ArrayAttr:$shape);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `to` custom<Shape>($shape, $dims) attr-dict `:` type($input)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def TransposeOp : Lamina_Op<"transpose"> {
  let summary = "permutes the axes: axis i of the result is axis permutation[i] of the input";
  let description = [{
    ```mlir
    // %x: tensor<?x4x6xf32>
    %y = lamina.transpose %x by [0, 2, 1] : tensor<?x4x6xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `by` $permutation attr-dict `:` type($input)";
  let hasFolder = 1;
}

def ConcatenateOp : Lamina_Op<"concatenate"> {
  let summary = "joins tensors along an axis";
  let description = [{
    ```mlir
    // %a: tensor<?x4xf32>, %b: tensor<?x2xf32>
    %y = lamina.concatenate %a, %b axis 1 : tensor<?x4xf32>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins Variadic<Lamina_Tensor>:$inputs, Lamina_Int:$axis);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` type($inputs)";
  let hasFolder = 1;
}

def SliceOp : Lamina_Op<"slice"> {
  let summary = "every strides[i]-th element from starts[i] to before limits[i]";
  let description = [{
    As numpy's: negative starts and limits count from the end, both are clamped to the axis. The limit `end` (kDynamic) is
    the axis's size. Strides are positive; `reverse` turns an axis around.

    ```mlir
    // %x: tensor<?x10x4xf32>
    %y = lamina.slice %x from [0, 1, -2] to [end, 9, end] by [1, 2, 1] : tensor<?x10x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$limits,
                       DenseI64ArrayAttr:$strides);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `from` $starts `to` custom<Limits>($limits) `by` $strides attr-dict `:` type($input)";
  let hasFolder = 1;
}

def PadOp : Lamina_Op<"pad"> {
  let summary = "adds elements of a constant value before and after each axis";
  let description = [{
    ```mlir
    // %x: tensor<?x4xf32>
    %y = lamina.pad %x low [0, 1] high [0, 2] value 0.0 : tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, F64Attr:$value);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `low` $low `high` $high `value` $value attr-dict `:` type($input)";
  let hasFolder = 1;
}

def ReverseOp : Lamina_Op<"reverse"> {
  let summary = "turns axes around";
  let description = [{
    ```mlir
    // %x: tensor<?x4xf32>
    %y = lamina.reverse %x axes [0, 1] : tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$input `axes` $axes attr-dict `:` type($input)";
  let hasFolder = 1;
}

def GatherOp : Lamina_Op<"gather"> {
  let summary = "rows of a table";
  let description = [{
    The result has the shape of the indices, then the shape of a row. An index out of range takes the nearest row; of a
    table without rows, zeros.

    ```mlir
    // %table: tensor<1000x64xf32>, %i: tensor<?x?xi32>
    %y = lamina.gather %table, %i : tensor<1000x64xf32>, tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$table, Lamina_IntTensor:$indices);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$table `,` $indices attr-dict `:` type($table) `,` type($indices)";
}

def ScatterAddOp : Lamina_Op<"scatter_add"> {
  let summary = "adds rows to rows of a table";
  let description = [{
    Row `indices[j]` of the result is that row of `init` plus every `updates[j]`. Indices are clamped as `gather` does.

    ```mlir
    // %table: tensor<1000x64xf32>, %i: tensor<?xi32>, %rows: tensor<?x64xf32>
    %y = lamina.scatter_add %table, %i, %rows : tensor<1000x64xf32>, tensor<?xi32>, tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Lamina_Tensor:$init, Lamina_IntTensor:$indices, Lamina_Tensor:$updates);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$init `,` $indices `,` $updates attr-dict `:` type($init) `,` type($indices) `,` type($updates)";
}

def OneHotOp : Lamina_Op<"one_hot", [Pure, NonDifferentiable]> {
  let summary = "1 at the index, 0 elsewhere, along a new last axis";
  let description = [{
    An index outside [0, depth) gives zeros.

    ```mlir
    // %i: tensor<?xi32>
    %y = lamina.one_hot %i depth 10 as f32 : tensor<?xi32>
    ```
  }];
  let arguments = (ins Lamina_IntTensor:$indices, Lamina_Int:$depth,
                       TypeAttr:$dtype);
  let results = (outs Lamina_Tensor:$result);
  let assemblyFormat = "$indices `depth` $depth `as` $dtype attr-dict `:` type($indices)";
}
