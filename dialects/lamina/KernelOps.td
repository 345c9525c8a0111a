#ifndef LAMINA_KERNEL_OPS
#define LAMINA_KERNEL_OPS

include "dialects/lamina/LaminaBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lamina_Sizes : OptionalArrayRefParameter<"int64_t"> {
  let parser = "parseSizes($_parser)";
  let printer = "$_printer << '[' << $_self << ']'";
}

def Lamina_ScheduleAttr : AttrDef<Lamina_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "How a structured operation becomes loops and vectors";
  let description = [{
    Tile sizes, one a loop of the operation; 0 leaves a loop alone, a list may be empty.

    - `distribute`: items of work that threads share (on a kernel's root).
    - `tile`: the root's tile, in which all other operations of the kernel are computed; `order` lists its loops from the
      outermost to the innermost.
    - `inner`: the operation's own loops inside the tile.
    - `partial`: reduction loops whose partial results stay in a vector of this size.

    ```mlir
    #lamina.schedule<distribute = [64, 0], tile = [8, 32], order = [1, 0]>
    ```
  }];
  let parameters = (ins Lamina_Sizes:$distribute, Lamina_Sizes:$tile, Lamina_Sizes:$order, Lamina_Sizes:$inner,
                        Lamina_Sizes:$partial);
  let assemblyFormat = "`<` struct(params) `>`";
}

// Not a part of layer math: made by lamina-form-kernels, gone after bufferization.
def CallKernelOp : Op<Lamina_Dialect, "call_kernel", [AttrSizedOperandSegments, DestinationStyleOpInterface]> {
  let summary = "runs an outlined kernel, which writes into the destinations";
  let description = [{
    ```mlir
    %y = lamina.call_kernel @kernel_0::@kernel(%x : tensor<?x4xf32>) into (%e : tensor<?x4xf32>)
    ```
    With `site`, the place in a profile, the call is timed; `flops` and `bytes` say what it computes and moves, `within` how
    many bytes the arrays have in which it moves them.
  }];
  let arguments = (ins SymbolRefAttr:$callee, Variadic<AnyType>:$inputs, Variadic<AnyRankedTensor>:$destinations,
                   Optional<Index>:$flops, Optional<Index>:$bytes, Optional<Index>:$within,
                   OptionalAttr<I64Attr>:$site);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $callee `(` ($inputs^ `:` type($inputs))? `)` `into` `(` $destinations `:` type($destinations) `)`
    (`flops` $flops^)? (`bytes` $bytes^)? (`within` $within^)?
    attr-dict `->` type($results)
  }];
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::SymbolRefAttr":$callee,
                                 "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$destinations), [{
    build($_builder, $_state, results, callee, inputs, destinations, ::mlir::Value(), ::mlir::Value(),
          ::mlir::Value(), ::mlir::IntegerAttr());
  }]>];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getDestinationsMutable(); }
  }];
}

#endif
