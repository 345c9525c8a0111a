include "dialects/lamina/LaminaBase.td"

def ScanOp : Lamina_ManyResultsOp<"scan", [AttrSizedOperandSegments, SingleBlock, RecursiveMemoryEffects,
                                           RecursivelySpeculatable, Differentiable], [{
    ::mlir::Block &getStep() { return getBody().front(); }
    /// The step's arguments: the states, then one slice of each sequence.
    ::mlir::Block::BlockArgListType getStateArguments() { return getStep().getArguments().take_front(getInits().size()); }
    ::mlir::Block::BlockArgListType getSliceArguments() { return getStep().getArguments().drop_front(getInits().size()); }
    ::mlir::lamina::YieldOp getYield();
    /// Results: the final states, then the stacked outputs.
    ::mlir::ResultRange getFinalStates() { return getResults().take_front(getInits().size()); }
    ::mlir::ResultRange getOutputs() { return getResults().drop_front(getInits().size()); }
    ::mlir::OperandRange getYieldedStates();
    ::mlir::OperandRange getYieldedOutputs();
  }]> {
  let summary = "applies a step along axis 0 of sequences";
  let description = [{
    The region takes the states and one slice of each sequence (axis 0 dropped) and yields the new states, then one slice
    of each output. Results are the final states and the outputs, stacked along axis 0; with `reverse` the sequences are
    read and the outputs written from the last step to the first. Sequences have equal length; without sequences `length`
    gives the number of steps. Values from above may be used in the region. Over zero steps the states are the initial ones.

    ```mlir
    // %h0: tensor<?x4xf32>, %xs: tensor<?x?x4xf32>
    %h, %ys = lamina.scan inits(%h0 : tensor<?x4xf32>) sequences(%xs : tensor<?x?x4xf32>) {
    ^bb0(%state: tensor<?x4xf32>, %x: tensor<?x4xf32>):
      %next = lamina.add %state, %x : tensor<?x4xf32>, tensor<?x4xf32>
      lamina.yield %next, %next : tensor<?x4xf32>, tensor<?x4xf32>
    } -> tensor<?x4xf32>, tensor<?x?x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Lamina_Tensor>:$inits, Variadic<Lamina_Tensor>:$sequences, Optional<Index>:$length,
                       DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs Variadic<Lamina_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`inits` `(` $inits^ `:` type($inits) `)`)? (`sequences` `(` $sequences^ `:` type($sequences) `)`)?
    (`length` $length^)? attr-dict-with-keyword $body `->` type($results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::ValueRange":$inits, "::mlir::ValueRange":$sequences, "::mlir::Value":$length, "bool":$reverse,
                   "::llvm::function_ref<::llvm::SmallVector<::mlir::Value>(::mlir::OpBuilder &, ::mlir::Location, "
                   "::mlir::ValueRange, ::mlir::ValueRange)>":$step)>
  ];
}

def YieldOp : Op<Lamina_Dialect, "yield", [Pure, Terminator, ParentOneOf<["ScanOp"]>]> {
  let summary = "ends a step of a scan";
  let description = "Gives the new states, then one slice of each output. See `lamina.scan`.";
  let arguments = (ins Variadic<Lamina_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def GradientOp : Lamina_ManyResultsOp<"gradient", [AttrSizedOperandSegments, Pure]> {
  let summary = "derivatives of values";
  let description = [{
    One result for each `wrt` value, of its type: the derivative of the sum over all losses of <loss, cotangent>. Zero where
    a loss does not depend on it. `lamina-differentiate` replaces the op.

    ```mlir
    // %x: tensor<?x4xf32>, %one: tensor<?x4xf32>
    %y = lamina.tanh %x : tensor<?x4xf32>
    %dx = lamina.gradient of(%y : tensor<?x4xf32>) cotangents(%one : tensor<?x4xf32>) wrt(%x : tensor<?x4xf32>)
    ```
  }];
  let arguments = (ins Variadic<Lamina_Tensor>:$losses, Variadic<Lamina_Tensor>:$cotangents, Variadic<Lamina_Tensor>:$wrt);
  let results = (outs Variadic<Lamina_Tensor>:$results);
  let assemblyFormat = [{
    `of` `(` $losses `:` type($losses) `)` `cotangents` `(` $cotangents `:` type($cotangents) `)`
    `wrt` `(` $wrt `:` type($wrt) `)` attr-dict
  }];
}
