"""Models as short programs in Keras, which can be built, printed and cut down."""

import copy
import dataclasses
import math
import re

import numpy as np

import keras
from keras.src.initializers.random_initializers import RandomInitializer


class Code(str):
    """Source text among arguments."""

    __repr__ = str.__str__


@dataclasses.dataclass
class Make:
    """A constructor's call."""

    name: str
    arguments: dict

    def __repr__(self):
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.arguments.items())})"


@dataclasses.dataclass
class Source:
    """An input: its shape without the batch, the sizes that its open axes have in the data, and what the data are."""

    name: str
    shape: tuple
    sizes: tuple
    dtype: str = "float32"
    kind: str = "normal"

    def __repr__(self):
        return f"{self.name} = keras.Input({self.shape!r}, dtype={self.dtype!r}, name={self.name!r})"


@dataclasses.dataclass
class Node:
    """A call: of the layer of that name, or an expression over its inputs where there is none."""

    name: str
    layer: str
    inputs: list
    keywords: dict
    expression: str = ""
    spread: bool = False  # inputs are arguments of their own, not one list

    def uses(self):
        names = list(self.inputs)
        for value in self.keywords.values():
            if isinstance(value, (Code, list)):
                names += re.findall(r"[a-z]\w*", str(value))
        return {name.split("[")[0] for name in names}

    def __repr__(self):
        if self.expression:
            return f"{self.name} = {self.expression.format(*self.inputs)}"
        positional = ", ".join(self.inputs)
        positional = positional if self.spread or len(self.inputs) == 1 else f"[{positional}]"
        keywords = "".join(f", {key}={value!r}" for key, value in self.keywords.items())
        return f"{self.name} = {self.layer}({positional}{keywords})"


@dataclasses.dataclass
class Program:
    """A model: layers by name (constructors, or programs of nested models), calls in order, outputs."""

    sources: list
    layers: dict
    nodes: list
    outputs: list
    sequential: bool = False
    batch: int = 2
    seed: int = 0

    def copy(self):
        return copy.deepcopy(self)

    def pruned(self):
        """Without what no output needs."""
        needed = {output.split("[")[0] for output in self.outputs}
        nodes = []
        for node in reversed(self.nodes):
            if node.name in needed:
                nodes.insert(0, node)
                needed |= node.uses()
        layers = {name: layer for name, layer in self.layers.items() if any(node.layer == name for node in nodes)}
        sources = [source for source in self.sources if source.name in needed]
        return dataclasses.replace(self, sources=sources, nodes=nodes, layers=layers)

    def lines(self, model="model", options=""):
        text = []
        for name, layer in self.layers.items():
            if isinstance(layer, Program):
                text += layer.lines(name)
            elif not self.sequential:
                text.append(f"{name} = {layer!r}")
        if self.sequential:
            chain = "".join(f", {node.layer if isinstance(self.layers[node.layer], Program) else repr(self.layers[node.layer])}"
                            for node in self.nodes)
            source = self.sources[0]
            start = f"keras.Input({source.shape!r}, dtype={source.dtype!r}, name={source.name!r})"
            return [*text, f"{model} = keras.Sequential([{start}{chain}])"]
        text += map(repr, self.sources)
        text += map(repr, self.nodes)
        one = lambda names: names[0] if len(names) == 1 else f"[{', '.join(names)}]"  # noqa: E731
        return [*text, f"{model} = keras.Model({one([s.name for s in self.sources])}, {one(self.outputs)})"]

    def chain(self):
        """Whether it can be a Sequential."""
        previous = [self.sources[0].name] if len(self.sources) == 1 else []
        for node in self.nodes:
            if node.inputs != previous or node.keywords or not node.layer:
                return False
            previous = [node.name]
        return self.outputs == previous and len({node.layer for node in self.nodes}) == len(self.nodes) > 0

    def build(self):
        """The model, with weights that are not what the layers start with. Raises what Keras raises."""
        names = {"keras": keras, "L": keras.layers, "np": np}
        exec("\n".join(self.lines()), names)  # the program's own text, drawn from the tables of drawing.py
        model = names["model"]
        move_weights(model, np.random.default_rng(self.seed))
        return model

    def data(self):
        rng = np.random.default_rng(self.seed + 1)
        return [draw_array(rng, (self.batch, *source.sizes), source.dtype, source.kind) for source in self.sources]

    def script(self):
        """To run by itself: writes model.keras and x.npz."""
        arrays = ", ".join(f"input_{i}=draw_array(rng, {(self.batch, *s.sizes)}, {s.dtype!r}, {s.kind!r})"
                           for i, s in enumerate(self.sources))
        return "\n".join(["import keras, numpy as np", "from keras import layers as L",
                          "from programs import draw_array, move_weights  # tests/keras", *self.lines(),
                          f"move_weights(model, np.random.default_rng({self.seed}))", "model.save('model.keras')",
                          f"rng = np.random.default_rng({self.seed + 1})", f"np.savez('x.npz', {arrays})"])


def skip_initializers():
    """Weights are moved anyhow: Keras need not compile a function for each shape of each initializer."""
    for cls in vars(keras.initializers).values():
        if isinstance(cls, type) and issubclass(cls, RandomInitializer):
            cls.__call__ = lambda self, shape, dtype=None, **_: np.full(shape, 0.1, dtype or keras.config.floatx())


def move_weights(model, rng):
    """Values that do not depend on the initial ones; variances and scales are positive."""
    for weight in model.weights:
        if not np.issubdtype(np.asarray(weight).dtype, np.floating):
            continue
        positive = weight.path.rsplit("/", 1)[-1] in ("moving_variance", "gamma", "scale", "variance")
        inputs = math.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 8
        new = rng.uniform(0.5, 1.5, weight.shape) if positive else rng.normal(0, max(0.15, inputs ** -0.5), weight.shape)
        weight.assign(new.astype("float32"))


def draw_array(rng, shape, dtype, kind):
    """normal, or integers below N for int:N; "padded " before either: trailing steps of each row are 0."""
    kind, padded = kind.removeprefix("padded "), kind.startswith("padded ")
    if kind.startswith("int:"):
        array = rng.integers(1 if padded else 0, int(kind[4:]), shape)
    elif kind == "bool":
        array = rng.random(shape) < 0.6
    else:
        array = rng.normal(0, 1, shape)
    if padded:
        for row in range(shape[0]):
            array[row, rng.integers(1, shape[1] + 1):] = 0
    return array.astype(dtype)
