"""The lowering of every op against numpy and JAX, with closed and open dimensions.

usage: numeric.py [--opt path/to/lamina-opt] [--compiled path/to/lamina-run] [NAME_PREFIX...]

With --compiled the whole compiler takes part.
"""

import argparse
import re
import subprocess
import sys

import numpy as np

import harness

CASES = []
rng = np.random.default_rng(0)


def normal(*shape, dtype=np.float32):
    return np.asarray(rng.normal(size=shape), dtype)


class Case:
    def __init__(self, name, arguments, body, expected, open_axes, tolerance, results, constants):
        self.name, self.arguments, self.body = name, arguments, body
        self.expected, self.open_axes, self.tolerance = expected, open_axes, tolerance
        self.results, self.constants = results, constants

    def types(self):
        for array, axes in zip(self.arguments, self.open_axes):
            shape = ["?" if i in axes else str(n) for i, n in enumerate(array.shape)]
            yield "tensor<" + "x".join(shape + [harness.dtype_name(array)]) + ">"

    def function(self, result_types):
        types = list(self.types())
        arguments = ", ".join(f"%a{i}: {t}" for i, t in enumerate(types))
        names = ", ".join(f"%r#{i}" for i in range(self.results)) if self.results > 1 else "%r"
        body = self.body
        for i, t in enumerate(types):
            body = body.replace(f"{{{i}}}", t)
        if result_types is None:
            return f"func.func @{self.name}({arguments}) {{\n{body}\nreturn\n}}\n"
        listed = ", ".join(result_types)
        return (f"func.func @{self.name}({arguments}) -> ({listed}) attributes {{llvm.emit_c_interface}} {{\n{body}\n"
                f"return {names} : {listed}\n}}\n")


def case(name, arguments, body, expected, open_axes=(), tolerance=2e-6, results=1, constants=()):
    """`open_axes`: for each variant, the axes of each argument that are `?`. All-closed always runs."""
    for i, axes in enumerate([[()] * len(arguments), *open_axes]):
        CASES.append(Case(f"{name}_{i}", arguments, body, expected, axes, tolerance, results, constants))


def everywhere(arguments):
    return [[tuple(range(a.ndim)) for a in arguments]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--opt", default="build/bin/lamina-opt")
    parser.add_argument("--compiled")
    parser.add_argument("prefixes", nargs="*")
    options = parser.parse_args()
    import cases_attention  # noqa: F401
    import cases_basic  # noqa: F401
    import cases_window  # noqa: F401

    chosen = [c for c in CASES if not options.prefixes or any(c.name.startswith(p) for p in options.prefixes)]
    probe = subprocess.run([options.opt, "--mlir-print-op-generic"], input="".join(c.function(None) for c in chosen),
                           capture_output=True, text=True)
    if probe.returncode:
        sys.exit(probe.stderr[:4000])
    types = {}
    for body in probe.stdout.split('"func.func"()')[1:]:
        name = re.search(r'sym_name = "(\w+)"', body).group(1)
        last = [line for line in body.splitlines() if re.match(r"\s+(%\S+ = |\}.*-> )", line) and "tensor<" in line.split("->")[-1]][-1]
        types[name] = re.findall(r"tensor<[^>]*>", last.split("->")[-1])
    failed, total = 0, len(chosen)
    try:
        if options.compiled:
            module = harness.Compiled({c.name: c.function(types[c.name]) for c in chosen}, options.compiled)
        else:
            module = harness.Module("".join(c.function(types[c.name]) for c in chosen), options.opt)
    except RuntimeError:
        good = []
        for c in chosen:
            try:
                harness.lower(c.function(types[c.name]), options.opt)
                good.append(c)
            except RuntimeError as error:
                failed += 1
                print(f"{c.name}: {str(error)[-700:]}")
        module = harness.Module("".join(c.function(types[c.name]) for c in good), options.opt)
        chosen = good
    for c in chosen:
        with np.errstate(all="ignore"):
            expected = c.expected(*c.arguments)
        expected = expected if isinstance(expected, (tuple, list)) else [expected]
        expected = [np.asarray(e) for e in expected]
        element = [harness.DTYPES[re.match(r"tensor<(?:.*x)?(\w+)>", t).group(1)] for t in types[c.name]]
        try:
            got = module.call(c.name, c.arguments, [(e.ndim, d) for e, d in zip(expected, element)])
        except RuntimeError as error:
            failed += 1
            print(f"{c.name}: {str(error)[-700:]}")
            continue
        for g, e in zip(got, expected):
            if g.shape != e.shape:
                problem = f"shape {g.shape}, not {e.shape}"
            elif g.dtype.kind == "f":
                good = np.allclose(g, e, rtol=c.tolerance * 10, atol=c.tolerance, equal_nan=True)
                problem = None if good else f"differs by {np.nanmax(np.abs(g - e))}\n{g}\n{e}"
            else:
                problem = None if np.array_equal(g, e) else f"\n{g}\n{e}"
            if problem:
                failed += 1
                print(f"{c.name}: {problem}"[:1500])
                break
    print(f"{failed} of {total} fail")
    sys.exit(failed != 0)


if __name__ == "__main__":
    sys.modules["numeric"] = sys.modules["__main__"]
    main()
