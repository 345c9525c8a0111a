include "dialects/lamina/LaminaBase.td"

class RandomOp<string mnemonic, string distribution> : Lamina_Op<mnemonic, [Pure, NonDifferentiable]> {
  let summary = "random numbers, " # distribution;
  let description = "A pure function of seed, stream and position (Threefry, counter based), the same on every machine and for " #
                    "every number of threads.\n\n```mlir\n// %n: index, %seed: tensor<i64>\n%y = lamina." # mnemonic #
                    " [%n, 4] seed %seed stream 7 : f32\n```";
  let arguments = (ins Variadic<Index>:$dims, Lamina_Seed:$seed, Lamina_Int:$stream, DenseI64ArrayAttr:$shape,
                       TypeAttr:$dtype);
  let results = (outs Lamina_FloatTensor:$result);
  let assemblyFormat = [{
    custom<Shape>($shape, $dims) `seed` $seed `stream` $stream attr-dict `:` $dtype
  }];
}

def RandomUniformOp : RandomOp<"random_uniform", "uniform in [0, 1)">;
def RandomNormalOp : RandomOp<"random_normal", "normal with mean 0 and deviation 1">;
