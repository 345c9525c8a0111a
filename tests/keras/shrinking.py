"""Cuts a program down to the smallest that still fails in the same way."""

import dataclasses
import time

import keras
from checks import Unfit, check
from programs import Code, Make, Program, Source


def simpler_values(value):
    """Simpler forms of an argument."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [n for n in (1, 2) if n < value]
    if isinstance(value, Make):
        return [dataclasses.replace(value, arguments=arguments) for arguments in simpler_arguments(value.arguments)]
    if isinstance(value, (list, tuple)) and not isinstance(value, Code):
        return [type(value)([*value[:i], simple, *value[i + 1:]]) for i, item in enumerate(value)
                for simple in simpler_values(item)] + ([value[:1]] if isinstance(value, list) and len(value) > 1 else [])
    return []


def simpler_arguments(arguments):
    for key in arguments:
        yield {name: value for name, value in arguments.items() if name != key}
    for key, value in arguments.items():
        for simple in simpler_values(value):
            yield {**arguments, key: simple}


def replaced(program, old, new):
    """The program with other names for the results of some calls."""
    rename = lambda text: new if text == old or text.startswith(f"{old}[") else text  # noqa: E731
    for node in program.nodes:
        node.inputs = [rename(name) for name in node.inputs]
    program.outputs = list(dict.fromkeys(map(rename, program.outputs)))
    return program


def smaller(program, shapes):
    """Candidates, the boldest first. shapes: of the results of single calls, where known."""
    if len(program.outputs) > 1:
        for output in program.outputs:
            yield dataclasses.replace(program.copy(), outputs=[output])
    for node in program.nodes:  # what is before becomes the output
        if not program.sequential and [node.name] != program.outputs:
            yield dataclasses.replace(program.copy(), outputs=[node.name])
            yield dataclasses.replace(program.copy(), outputs=[f"{node.name}[0]"])
    for node in program.nodes:  # what is before becomes an input
        if node.name in shapes and not program.sequential:
            for kind in ("normal", "padded normal"):
                cut = program.copy()
                name = f"a{100 + len(cut.sources)}"
                cut.sources.append(Source(name, shapes[node.name], tuple(d or 3 for d in shapes[node.name]), "float32", kind))
                cut.nodes = [other for other in cut.nodes if other.name != node.name]
                yield replaced(cut, node.name, name)
    for i, node in enumerate(program.nodes):  # a call goes
        for name in node.inputs:
            cut = program.copy()
            del cut.nodes[i]
            yield replaced(cut, node.name, name)
    if program.sequential:
        yield dataclasses.replace(program.copy(), sequential=False)
    for i, node in enumerate(program.nodes):
        for key in node.keywords:
            cut = program.copy()
            del cut.nodes[i].keywords[key]
            yield cut
        if len(node.inputs) > 2:
            cut = program.copy()
            cut.nodes[i].inputs.pop()
            yield cut
    for name, layer in program.layers.items():
        variants = (smaller(layer, {}) if isinstance(layer, Program) else
                    [dataclasses.replace(layer, arguments=arguments) for arguments in simpler_arguments(layer.arguments)])
        for variant in variants:
            cut = program.copy()
            cut.layers[name] = variant
            yield cut
    if program.batch > 1:
        yield dataclasses.replace(program.copy(), batch=1)
        yield dataclasses.replace(program.copy(), batch=2)
    for i, source in enumerate(program.sources):
        if source.kind.startswith("padded"):
            cut = program.copy()
            cut.sources[i].kind = source.kind.removeprefix("padded ")
            yield cut
        for axis, size in enumerate(source.sizes):
            for least in (n for n in (1, 2, 3) if n < size):
                cut = program.copy()
                put = lambda shape, value: (*shape[:axis], value, *shape[axis + 1:])  # noqa: E731
                cut.sources[i].sizes = put(source.sizes, least)
                if source.shape[axis] is not None:
                    cut.sources[i].shape = put(source.shape, least)
                yield cut
            if source.shape[axis] is None:
                cut = program.copy()
                cut.sources[i].shape = (*source.shape[:axis], size, *source.shape[axis + 1:])
                yield cut


def call_shapes(program):
    shapes = {}
    if program.sequential:
        return shapes
    try:
        names = {"keras": keras, "L": keras.layers}
        exec("\n".join(program.lines()), names)
        for node in program.nodes:
            if hasattr(names[node.name], "shape") and names[node.name].dtype == "float32":
                shapes[node.name] = tuple(names[node.name].shape[1:])
    except Exception:
        pass
    return shapes


def shrink(cli, program, kind, sort, seconds):
    """The smallest program found in that time, and its message."""
    end, message, changed = time.monotonic() + seconds, "", True
    while changed and time.monotonic() < end:
        changed = False
        for candidate in smaller(program, call_shapes(program)):
            if time.monotonic() > end:
                break
            try:
                candidate = candidate.pruned()
                if not candidate.sources or not candidate.nodes:
                    continue
                wrong, _, _ = check(cli, candidate, [kind])
            except Unfit:
                continue
            if kind in wrong and wrong[kind][0] == sort:
                program, message, changed = candidate, wrong[kind][1], True
                break
    return program, message
