"""Compiles functions in the lamina dialect with upstream loops and calls them on numpy arrays.

Slow code, but nothing of the backend takes part: what is wrong here is wrong in the lowering.
"""

import ctypes
import os
import re
import subprocess
import tempfile

import numpy as np

DTYPES = {"f32": np.float32, "f64": np.float64, "i1": np.bool_, "i8": np.int8, "i32": np.int32, "i64": np.int64}

BUFFERS = ",".join([
    "func.func(convert-lamina-to-linalg)",
    "canonicalize",
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}",
    # Upstream's expansion of strided metadata takes one open size a reshape.
    "func.func(lamina-cast-reshapes)",
])
LOOPS = ",".join([
    "func.func(convert-linalg-to-loops)",
    "func.func(convert-scf-to-cf)",
    "expand-strided-metadata",
    "lower-affine",
    "func.func(arith-expand)",
    "convert-math-to-llvm",
    "convert-math-to-libm",
    "convert-vector-to-llvm",
    "finalize-memref-to-llvm",
    "convert-arith-to-llvm",
    "convert-cf-to-llvm",
    "convert-func-to-llvm",
    "reconcile-unrealized-casts",
])


def dtype_name(array):
    return next(name for name, dtype in DTYPES.items() if dtype == array.dtype)


def descriptor(rank):
    fields = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p), ("offset", ctypes.c_int64)]
    if rank:
        fields += [("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
    return type(f"MemRef{rank}", (ctypes.Structure,), {"_fields_": fields})


def to_descriptor(array):
    ref = descriptor(array.ndim)()
    ref.allocated = ref.aligned = array.ctypes.data
    if array.ndim:
        ref.sizes[:] = array.shape
        ref.strides[:] = [stride // array.itemsize for stride in array.strides]
    return ref


def to_array(ref, rank, dtype):
    sizes = list(ref.sizes) if rank else []
    count = int(np.prod(sizes)) if rank else 1
    if count == 0:
        return np.zeros(sizes, dtype)
    size = np.dtype(dtype).itemsize
    base = ref.aligned + ref.offset * size
    strides = [stride * size for stride in ref.strides] if rank else []
    span = sum((n - 1) * s for n, s in zip(sizes, strides)) + size
    raw = np.frombuffer((ctypes.c_char * span).from_address(base), np.uint8)
    return np.lib.stride_tricks.as_strided(raw.view(dtype), sizes, strides).copy()


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[:4000]}")
    return done.stdout


def lower(text, opt="lamina-opt"):
    return run(opt, "--convert-lamina-to-linalg", text=text)


class Module:
    """Functions `name(arguments)`, compiled together."""

    def __init__(self, text, opt="lamina-opt", tools="/usr/lib/llvm-22/bin"):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "module")

        buffers = run(opt, f"--pass-pipeline=builtin.module({BUFFERS})", text=text)
        llvm = run(os.path.join(tools, "mlir-opt"), f"--pass-pipeline=builtin.module({LOOPS})", text=buffers)
        ir = run(os.path.join(tools, "mlir-translate"), "--mlir-to-llvmir", text=llvm)
        with open(path + ".ll", "w") as file:
            file.write(ir)
        run(os.path.join(tools, "llc"), "-O1", "-relocation-model=pic", "-filetype=obj", path + ".ll", "-o", path + ".o")
        run("cc", "-shared", "-o", path + ".so", path + ".o", "-lm",
            "-L" + os.path.join(tools, "../lib"), "-lmlir_c_runner_utils", "-Wl,-rpath," + os.path.join(tools, "../lib"))
        self.library = ctypes.CDLL(path + ".so")

    def call(self, name, arguments, results):
        """`results`: (rank, dtype) of each."""
        fields = [(f"r{i}", descriptor(rank)) for i, (rank, _) in enumerate(results)]
        out = type("Results", (ctypes.Structure,), {"_fields_": fields})()
        arrays = [np.require(array, requirements="C") if array.ndim else array.reshape(()) for array in arguments]
        refs = [to_descriptor(array) for array in arrays]
        self.library[f"_mlir_ciface_{name}"](ctypes.byref(out), *[ctypes.byref(ref) for ref in refs])
        return [to_array(getattr(out, f"r{i}"), rank, dtype) for i, (rank, dtype) in enumerate(results)]


class Compiled:
    """The same functions through the whole compiler, one program each."""

    def __init__(self, functions, tool):
        self.functions, self.tool = functions, tool

    def call(self, name, arguments, results):
        text = self.functions[name].replace(f"@{name}(", "@main(").replace(" attributes {llvm.emit_c_interface}", "")
        # A state's dimensions are its own; the first ones of inputs are all the batch.
        text = re.sub(r"(%a\d+: tensor<[^>]*>)", r'\1 {lamina.kind = "state"}', text)
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, file) for file in ("main.mlir", "x.npz", "y.npz")]
            with open(paths[0], "w") as file:
                file.write(text)
            np.savez(paths[1], **{f"arg_{i}": array for i, array in enumerate(arguments)})
            run(self.tool, *paths)
            with np.load(paths[2]) as arrays:
                return [arrays[f"out_{i}"] for i in range(len(results))]
