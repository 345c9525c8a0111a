#ifndef LAMINA_COMPILER_PASSES
#define LAMINA_COMPILER_PASSES

include "mlir/Pass/PassBase.td"

def DifferentiatePass : Pass<"lamina-differentiate", "::mlir::func::FuncOp"> {
  let summary = "Replace every gradient by the ops that compute it";
  let description = [{
    Reverse mode: walks backwards from the losses and asks each op for the cotangents of its operands. Fails at an op that has
    no gradient but passes floats from a `wrt` value to a loss. A scan becomes two, the first one also giving what the second
    reads back.
  }];
  let dependentDialects = ["::mlir::lamina::LaminaDialect", "::mlir::tensor::TensorDialect"];
}

def CheckSizesPass : Pass<"lamina-check-sizes", "::mlir::ModuleOp"> {
  let summary = "Write the function that checks open dimensions against what operations rely on";
  let description = [{
    Operations of `@main` take some `?` to be equal to others, or to a number. `@main_check` compares those that the caller
    chooses, as sizes of different arguments, and returns 0 or an index into its attribute `lamina.messages`. It is not
    written where nothing has to be checked.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def FormAttentionPass : Pass<"lamina-form-attention", "::mlir::func::FuncOp"> {
  let summary = "Make the products and the softmax of an attention one op where the scores are many";
  let description = [{
    softmax(query · keyᵀ · scale + bias, where a mask holds) · value, written in elementwise ops, reductions and products,
    becomes `lamina.attention`, unless something else reads the weights or the bias has a derivative. Runs before
    `lamina-differentiate`.
  }];
  let dependentDialects = ["::mlir::lamina::LaminaDialect"];
}

def SimplifyPass : Pass<"lamina-simplify", "::mlir::func::FuncOp"> {
  let summary = "Canonicalization, common subexpressions, algebra, batch normalization folded into kernels";
  let description = [{
    Runs after `lamina-differentiate`: it erases every stop_gradient. A scale or shift that depends on `weight` arguments alone
    and follows a convolution or contraction with a weight goes into the kernel and one bias.
  }];
  let dependentDialects = ["::mlir::lamina::LaminaDialect", "::mlir::arith::ArithDialect"];
}

//===-- linalg: the dialect → structured ops on tensors ---------------------------------------------------------===//

def ConvertLaminaToLinalgPass : Pass<"convert-lamina-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "Lower every lamina op to linalg, tensor, scf and arith";
  let description = [{
    One `linalg.generic` an op, without loops of one iteration: operands are collapsed, results expanded. Constants of one
    repeated value are scalars inside the region. Sizes come from function arguments, never from temporaries.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

//===-- kernels: linalg on tensors → one function a kernel ------------------------------------------------------===//

def StoreBoolsPass : Pass<"lamina-store-bools", "::mlir::func::FuncOp"> {
  let summary = "Give truth values a byte each in memory";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect"];
}

def FuseElementwisePass : Pass<"lamina-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Merge elementwise operations into their elementwise and reducing consumers";
  let description = [{
    Producers whose value has other readers are kept as extra results, so nothing is computed twice. Contractions and
    windows never take an elementwise producer: it would run once a use instead of once an element.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def SplitSumsPass : Pass<"lamina-split-sums", "::mlir::func::FuncOp"> {
  let summary = "Give long sums of few results parts that threads can share";
  let description = [{
    The outermost axis of known size that is summed is cut into up to eight parts, as many whatever the number of threads, whose
    sums are added up. Only where that writes little beside what the sums read.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def TurnColumnsPass : Pass<"lamina-turn-columns", "::mlir::func::FuncOp"> {
  let summary = "Give sums of few columns another axis last, along which vectors run";
  let description = [{
    Long sums get an axis last that is the last of an operand; windows, as convolutions to few filters, get the innermost positions
    last, and what they read too. Elementwise readers of the result turn it as they read it. Few sums along positions, as gradients
    of such filters, read both operands with the positions last, and zeros up to a whole vector of them.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "Elements of a vector">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def PackWeightsPass : Pass<"lamina-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Give contractions their right operand in panels of one register tile";
  let description = [{
    The operand is copied to panels `[N/n][K…][n]`, contiguous for the inner loop, and read through `linalg.unpack`, which folds
    into the kernel's slices. Rows that both operands are summed along become columns first. What depends on `weight`
    arguments alone is packed once, in `@prepare`; other operands are packed where many rows pay for it.
  }];
  let options = [Option<"panel", "panel", "int64_t", "32", "Columns of a panel">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def HoistPreparePass : Pass<"lamina-hoist-prepare", "::mlir::ModuleOp"> {
  let summary = "Move what depends on weights alone from @main to @prepare";
  let description = [{
    `@prepare` takes the `weight` arguments and returns the values that `@main` takes as `prepared` arguments instead. It runs
    once for given weights.
  }];
}

def FindRowsPass : Pass<"lamina-find-rows", "::mlir::func::FuncOp"> {
  let summary = "Mark an entry function whose rows do not depend on each other";
  let description = [{
    Writes `lamina.row_bytes` on `@main` if nothing but the first axis is open and every operation computes a row of its results
    from the same row of its operands: for each buffer of the caller the bytes of a row, or 0 for what all rows share.
  }];
}

def FormKernelsPass : Pass<"lamina-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Group operations that share a tile and outline each group";
  let description = [{
    Every computing operation of the entry functions ends in a nested module with one function `lamina.kernel`, called by
    `lamina.call_kernel` with explicit destinations. A group is a root, the producers that can be computed in its tile, and an
    optional `tensor.insert_slice` of the result. Equal kernels are one.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::bufferization::BufferizationDialect", "::mlir::LLVM::LLVMDialect"];
}

def ExpandFunctionsPass : Pass<"lamina-expand-functions", "::mlir::ModuleOp"> {
  let summary = "Write exponentials, logarithms and their kin as arithmetic";
  let description = [{
    Functions of f32 become range reductions and polynomials of one element, which vectorize like all arithmetic: no call is left
    and work is counted as it is done. Infinities and NaN give what the functions give; results below the least normal number
    are 0.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def CountWorkPass : Pass<"lamina-count-work", "::mlir::ModuleOp"> {
  let summary = "Say what each call of a kernel computes and moves, for profiles";
  let description = [{
    Gives every call in `@main` its site, floating-point operations and bytes, of the sizes that it has when it runs, and the
    bytes of the arrays in which it has its slices. Writes the table of sites on the module: `lamina.sites`, kernel and layers
    of each and whether it computes a part of a gradient. Calls of one kernel for the same layers share a site. Every operation of `arith` and `math` on numbers counts once an element,
    `math.fma` twice, integers only where they are added, multiplied or xor-ed; what is read or written several times counts
    once.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

//===-- one kernel: schedule, tile, vectorize -------------------------------------------------------------------===//

def CollapseAxesPass : Pass<"lamina-collapse-axes", "::mlir::func::FuncOp"> {
  let summary = "Walk the last axes of an elementwise kernel as one where its rows are no whole vectors";
  let options = [Option<"vectorBytes", "vector-bytes", "int64_t", "64", "Bytes of one vector register">];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"];
}

def SplitWindowsPass : Pass<"lamina-split-windows", "::mlir::func::FuncOp"> {
  let summary = "Read windows of few channels that lie side by side as axes of their own";
  let description = [{
    An axis of `position * places + place` becomes two, so that pooling whose steps are as large as its windows is a sum over rows.
    For fewer channels than a vector has elements: others fill vectors as they are.
  }];
  let options = [Option<"vectorBytes", "vector-bytes", "int64_t", "64", "Bytes of a vector">];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def SchedulePass : Pass<"lamina-schedule", "::mlir::func::FuncOp"> {
  let summary = "Write #lamina.schedule on the operations of a kernel";
  let description = [{
    All decisions are made here and can be read, changed and run again: the passes below do what the attributes say.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", "64", "Bytes of one vector register">,
    Option<"registers", "registers", "int64_t", "32", "Number of vector registers">
  ];
}

def TilePass : Pass<"lamina-tile", "::mlir::func::FuncOp"> {
  let summary = "Tile and fuse a kernel as its schedule says";
  let description = [{
    Afterwards every structured operation is as small as its vectors. Loops over open dimensions are peeled: the main loop is
    static, the rest runs in tiles of one row.
  }];
  let options = [Option<"vectorBytes", "vector-bytes", "int64_t", "64", "Bytes of one vector register">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def VectorizePass : Pass<"lamina-vectorize", "::mlir::func::FuncOp"> {
  let summary = "Turn small structured operations into vector operations held in registers";
  let description = [{
    Accumulators become loop-carried vectors. Only open vector dimensions are masked.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::math::MathDialect"];
}

//===-- buffers and threads -------------------------------------------------------------------------------------===//

def EntryAbiPass : Pass<"lamina-entry-abi", "::mlir::ModuleOp"> {
  let summary = "Give entry functions the signature of runtime/abi.h";
  let description = [{
    `@main` and `@prepare` read tensors from an array of pointers and open dimensions from an array of integers. Adds
    `@main_shapes`, which computes the open dimensions of the results.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def BufferizePass : Pass<"lamina-bufferize", "::mlir::func::FuncOp"> {
  let summary = "One-shot bufferization of a kernel or an entry function";
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect"];
}

def ExpandCopiesPass : Pass<"lamina-expand-copies", "::mlir::func::FuncOp"> {
  let summary = "Turn fills, and copies between buffers with gaps, into loops";
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def CastReshapesPass : Pass<"lamina-cast-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Turn reshapes of contiguous buffers into reinterpretations";
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def PlanArenaPass : Pass<"lamina-plan-arena", "::mlir::ModuleOp"> {
  let summary = "Place every temporary of the entry functions in one workspace";
  let description = [{
    Buffers whose lives do not overlap share bytes. Sizes may depend on open dimensions: offsets are computed at entry.
    Adds `@<entry>_workspace`, which returns the bytes needed for given dimensions.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def BlockRowsPass : Pass<"lamina-block-rows", "::mlir::ModuleOp"> {
  let summary = "Run an entry function on blocks of rows whose temporaries stay in the cache";
  let options = [Option<"cacheBytes", "cache-bytes", "int64_t", "8388608", "Bytes of temporaries of a block">];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def PassPointersPass : Pass<"lamina-pass-pointers", "::mlir::ModuleOp"> {
  let summary = "Pass contiguous buffers between functions as a pointer and the open sizes";
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def ParallelizePass : Pass<"lamina-parallelize", "::mlir::ModuleOp"> {
  let summary = "Outline scf.forall into a function over a range of work items";
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def CallParallelPass : Pass<"lamina-call-parallel", "::mlir::ModuleOp"> {
  let summary = "Run parallel bodies through the thread pool of the caller's context";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowerVectorsPass : Pass<"lamina-lower-vectors", "::mlir::func::FuncOp"> {
  let summary = "Break vectors down to what LLVM's instruction selection takes as it is";
  let description = [{
    Contractions become fused multiply-adds of rows, transcendental functions polynomials, transfers plain loads and stores.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", "64", "Bytes of one vector register">,
    Option<"registers", "registers", "int64_t", "32", "Vector registers">,
  ];
  let dependentDialects = ["::mlir::vector::VectorDialect", "::mlir::memref::MemRefDialect", "::mlir::math::MathDialect",
                           "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

#endif // LAMINA_COMPILER_PASSES
