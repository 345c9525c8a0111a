"""Random programs. Arguments are drawn by their names, with Keras as the judge of what is valid."""

import inspect
import math
import random

import keras
from keras import layers as L

from programs import Code, Make, Node, Program, Source

LARGEST = 3000  # elements of a value, without the batch
ATTEMPTS = {True: 60, False: 6}  # for the layer that the program is about, and others

# Bases, what is no step of a model by itself, and what outside of training has another shape than Keras says.
NOT_CALLED = {"Layer", "Wrapper", "InputLayer", "RandomCrop"}
ACTIVATIONS = sorted(name for name in dir(keras.activations)
                     if inspect.isfunction(getattr(keras.activations, name))
                     and name not in ("get", "serialize", "deserialize", "threshold", "glu"))
BINARY = ["{0} + {1}", "{0} - {1}", "{0} * {1}", "keras.ops.maximum({0}, {1})"]
UNARY = ["{0} * 0.5", "1.0 - {0}", "-{0}", "keras.ops.tanh({0})", "keras.ops.square({0})", "{0}[:, :1]", "{0}[:, ::-1]",
         "keras.ops.mean({0}, axis=-1, keepdims=True)", "keras.ops.expand_dims({0}, 1)", "keras.ops.relu({0})"]


class Wanted(Exception):
    """An argument that nothing is known to draw for."""


def is_image_layer(cls):
    return "image_preprocessing" in getattr(L, cls).__module__


def spatial_axes(cls):
    """1 for Conv1D, ...; None where the name does not say."""
    return 2 if is_image_layer(cls) else next((n for n in (1, 2, 3) if f"{n}D" in cls), None)


def needs_sizes(cls):
    """Whether only known sizes have a result in Keras's graph of layers."""
    return is_image_layer(cls) or cls.startswith("Adaptive")


def family(cls):
    return getattr(L, cls).__module__.split(".")[3]


def takes_several(cls):
    """Whether a call has several inputs as arguments of their own."""
    parameters = list(inspect.signature(getattr(L, cls).call).parameters.values())[1:]
    return len([p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]) > 1


class Drawing:
    """Draws one program."""

    def __init__(self, seed, classes, star=None):
        self.random = random.Random(seed)
        self.classes = [cls for cls in classes if cls not in NOT_CALLED]
        self.cells = [cls for cls in self.classes if cls.endswith("Cell")]
        self.steps = [cls for cls in self.classes if cls not in self.cells and cls != "StackedRNNCells"]
        self.star = star
        self.open_size = self.number(1, 7)

    # ---- small choices

    def chance(self, p):
        return self.random.random() < p

    def pick(self, items):
        items = list(items)
        if not items:
            raise Wanted("nothing to choose from")
        return self.random.choice(items)

    def number(self, low, high):
        return self.random.randint(low, high)

    def sizes(self, n, low, high):
        """One number, or one for each of n axes."""
        if n and self.chance(0.4):
            return tuple(self.number(low, high) for _ in range(n))
        return self.number(low, high)

    def margins(self, n, high=2):
        pair = lambda: (self.number(0, high), self.number(0, high))  # noqa: E731
        if n == 1:
            return self.pick([self.number(0, high), pair()])
        return self.pick([self.number(0, high), tuple(self.number(0, high) for _ in range(n)),
                          tuple(pair() for _ in range(n))])

    # ---- arguments

    def argument(self, cls, name, default, shape):
        """A value for an argument, or Wanted. shape: of the first input, with the batch."""
        n, rank = spatial_axes(cls), len(shape)
        axes = list(range(1, rank)) + list(range(1 - rank, 0))
        if name.endswith("initializer"):
            return self.pick([default] * 3 + ["he_normal", "zeros", "ones", "random_uniform", "glorot_normal",
                                              Code("keras.initializers.Constant(0.3)"),
                                              Code("keras.initializers.VarianceScaling(2.0, 'fan_out')")])
        if name.endswith("regularizer"):
            return self.pick([None, "l1", "l2", Code("keras.regularizers.L1L2(0.02, 0.03)"), Code("keras.regularizers.L2(0.1)")]
                             + [Code("keras.regularizers.OrthogonalRegularizer(0.1)")] * (name == "kernel_regularizer"))
        if name.endswith("constraint"):
            return self.pick([None, "non_neg", "unit_norm", Code("keras.constraints.MaxNorm(0.7)"),
                              Code("keras.constraints.MinMaxNorm(0.2, 0.8, rate=0.5, axis=0)")])
        tables = {
            "units": lambda: self.number(1, 6),
            "filters": lambda: self.number(1, 6),
            "kernel_size": lambda: self.sizes(n, 1, 3),
            "pool_size": lambda: self.sizes(n, 1, 3),
            "size": lambda: self.sizes(n, 1, 3),
            "output_size": lambda: self.sizes(n, 1, 4),
            "strides": lambda: self.sizes(n, 1, 3),
            "dilation_rate": lambda: self.sizes(n, 1, 2),
            "output_padding": lambda: self.pick([None, self.number(0, 1)]),
            "padding": lambda: (self.margins(n) if cls.startswith("ZeroPadding")
                                else self.pick(["valid", "same"] + ["causal"] * (cls in ("Conv1D", "ConvLSTM1D")))),
            "cropping": lambda: self.margins(n),
            "data_format": lambda: self.pick(["channels_first", "channels_last"]),
            "groups": lambda: self.pick([1, 2, 3, -1] if cls == "GroupNormalization" else [1, 2, 3]),
            "depth_multiplier": lambda: self.number(1, 3),
            "interpolation": lambda: self.pick(["nearest", "bilinear", "bicubic"]),
            "activation": lambda: self.pick(ACTIVATIONS),
            "recurrent_activation": lambda: self.pick(ACTIVATIONS),
            "axis": lambda: self.pick([self.pick(axes), self.pick(axes), self.pick(axes),
                                       tuple(sorted(self.random.sample(range(1, rank), self.number(1, rank - 1))))]),
            "axes": lambda: self.pick([self.pick(axes), (self.pick(axes), self.pick(axes))]),
            "shared_axes": lambda: self.random.sample(range(1, rank), self.number(1, rank - 1)),
            "epsilon": lambda: self.pick([1e-3, 1e-2, 0.1]),
            "momentum": lambda: self.pick([0.5, 0.9, 0.99]),
            "target_shape": lambda: self.target_shape(shape),
            "dims": lambda: tuple(self.random.sample(range(1, rank), rank - 1)),
            "n": lambda: self.number(1, 4),
            "rate": lambda: self.pick([0.0, 0.2, 0.5]),
            "stddev": lambda: self.pick([0.1, 1.0]),
            "noise_shape": lambda: self.pick([None, (None, *[self.pick([1, d]) for d in shape[1:]])]),
            "seed": lambda: self.number(0, 9),
            "dropout": lambda: self.pick([0.0, 0.3]),
            "recurrent_dropout": lambda: self.pick([0.0, 0.2]),
            "score_mode": lambda: self.pick(["dot", "concat"]),
            "scale": lambda: self.pick([0.5, 2.0]),
            "offset": lambda: self.pick([0.0, -1.5]),
            "alpha": lambda: self.pick([0.3, 1.0, 1.7]),
            "negative_slope": lambda: self.pick([0.0, 0.1, 0.4]),
            "max_value": lambda: self.pick([None, 1.0]),
            "threshold": lambda: self.pick([0.0, 0.3]),
            "mask_value": lambda: 0.0,
            "l1": lambda: self.pick([0.0, 0.1]),
            "l2": lambda: self.pick([0.0, 0.1]),
            "input_dim": lambda: 12,
            "output_dim": lambda: self.number(1, 6),
            "merge_mode": lambda: self.pick(["concat", "sum", "mul", "ave"]),
            "layer": lambda: self.inner_layer(cls, shape),
            "layers": lambda: [self.make(self.pick(["Dense", "Activation", "Dropout", "Rescaling", "LayerNormalization"]), shape)
                               for _ in range(self.number(1, 3))],
            "cell": lambda: self.cell(shape),
            "cells": lambda: [self.make(self.pick(self.cells), shape) for _ in range(self.number(1, 3))],
            "num_heads": lambda: self.number(1, 3),
            "key_dim": lambda: self.number(1, 4),
            "value_dim": lambda: self.number(1, 4),
            "head_dim": lambda: self.number(1, 4),
            "num_query_heads": lambda: self.pick([2, 4]),
            "num_key_value_heads": lambda: self.pick([1, 2]),
            "power_iterations": lambda: self.number(1, 2),
            "mean": lambda: self.pick([0.5, -1.0]),
            "variance": lambda: self.pick([0.5, 2.0]),
            "height": lambda: self.number(1, 8),
            "width": lambda: self.number(1, 8),
            "num_tokens": lambda: 12,
            "num_bins": lambda: self.number(1, 6),
            "bin_boundaries": lambda: [-1.0, 0.0, 0.5],
            "factor": lambda: self.pick([0.2, 0.5]),
            "height_factor": lambda: self.pick([0.2, 0.4]),
            "width_factor": lambda: self.pick([0.2, 0.4]),
            "crop_to_aspect_ratio": lambda: self.chance(0.5),
            "max_number": lambda: self.number(1, 4),
            "vocabulary": lambda: [3, 5, 8, 9],
            "logit_soft_cap": lambda: self.pick([None, 0.5, 3.0]),
            "mode": lambda: self.pick(["horizontal", "vertical", "horizontal_and_vertical"] if cls == "RandomFlip" else
                                      ["log", "magnitude", "psd", "real", "imag", "stft"]),
            "frame_length": lambda: self.number(2, 5),
            "frame_step": lambda: self.number(1, 3),
            "fft_length": lambda: self.number(4, 12),
            "sequence_stride": lambda: self.number(1, 4),
            "sequence_length": lambda: self.number(3, 6),
            "window": lambda: self.pick(["hann", "hamming"]),
            "scaling": lambda: self.pick([None, "density", "spectrum"]),
            "num_mel_bins": lambda: self.number(1, 5),
            "sampling_rate": lambda: self.pick([100, 8000]),
            "tile_grid_size": lambda: (self.number(1, 3), self.number(1, 3)),
            "clip_limit": lambda: self.pick([-1.0, 1.5, 4.0]),
        }
        if name in tables and not (isinstance(default, bool) and name == "scale"):
            return tables[name]()
        if isinstance(default, bool) and name not in ("stateful", "sparse", "renorm", "synchronized", "ragged"):
            return self.chance(0.5)
        raise Wanted(f"{cls}: {name}")

    def target_shape(self, shape):
        if None in shape[1:]:
            return self.pick([(-1, shape[-1]), (-1, 1, shape[-1])]) if shape[-1] else (-1, 1)
        left, result = math.prod(shape[1:]), []
        while left > 1 and len(result) < 3:
            divisor = self.pick([d for d in range(1, left + 1) if left % d == 0])
            result.append(divisor)
            left //= divisor
        result = [*result, left] if left > 1 or not result else result
        self.random.shuffle(result)
        if self.chance(0.3):
            result[self.number(0, len(result) - 1)] = -1
        return tuple(result)

    def cell(self, shape):
        if "StackedRNNCells" in self.classes and self.chance(0.4):
            return Make("L.StackedRNNCells", {"cells": [self.make(self.pick(self.cells), shape)
                                                        for _ in range(self.number(1, 3))]})
        return self.make(self.star if self.star in self.cells else self.pick(self.cells), shape)

    def inner_layer(self, cls, shape):
        if cls == "Bidirectional":
            return self.make(self.pick([c for c in self.steps if c in ("LSTM", "GRU", "SimpleRNN")]), shape)
        if cls == "SpectralNormalization":
            return self.make(self.pick(["Dense", "Conv1D", "Conv2D"]), shape)
        inner = [c for c in self.steps if not c.startswith("Spatial") and family(c) not in ("merging", "attention")
                 and c not in ("Bidirectional", "TimeDistributed") and spatial_axes(c) in (None, len(shape) - 3)
                 and not (needs_sizes(c) and None in shape[2:])]
        return self.make(self.pick(inner or ["Dense"]), (shape[0], *shape[2:]))

    def einsum(self, shape):
        out = self.number(1, 5)
        equation, output, bias = self.pick({
            2: [("ab,bc->ac", out, "c"), ("...x,xy->...y", out, "y"), ("ab,bcd->acd", (2, out), "cd")],
            3: len(shape) == 3 and [("abc,cd->abd", (shape[1], out), "d"), ("abc,cde->abde", (shape[1], 2, out), "de"),
                ("abc,bd->adc", (out, shape[2]), "d"), ("...x,xy->...y", out, "y")],
            4: len(shape) == 4 and [("abcd,cde->abe", (shape[1], out), "e"), ("abcd,de->abce", (shape[1], shape[2], out), "e")],
        }.get(len(shape), [("...x,xy->...y", out, "y")]))
        return {"equation": equation, "output_shape": output, "bias_axes": self.pick([None, bias])}

    def make(self, cls, shape):
        """A layer's constructor with random arguments."""
        if cls == "StackedRNNCells":
            return self.cell(shape)
        arguments = self.einsum(shape) if cls == "EinsumDense" else {}
        parameters = inspect.signature(getattr(L, cls).__init__).parameters.values()
        busy = self.pick([0.15, 0.4])
        for parameter in parameters:
            if parameter.name in ("self", "name", "dtype", "trainable", *arguments) or parameter.kind in (
                    parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                continue
            required = parameter.default is parameter.empty
            rare = parameter.name.endswith(("initializer", "regularizer", "constraint"))
            if not required and not self.chance(busy * 0.4 if rare else busy):
                continue
            try:
                value = self.argument(cls, parameter.name, parameter.default, shape)
            except Wanted:
                if required:
                    raise
                continue
            arguments[parameter.name] = value
        if cls == "Normalization":
            arguments |= {"mean": 0.3, "variance": 1.7}
        if cls == "MelSpectrogram":  # JAX mirrors short signals at the default's margins without end
            arguments.setdefault("fft_length", self.number(4, 12))
        if cls == "MelSpectrogram":  # whose bands Keras computes in float32: many have few digits
            arguments.setdefault("num_mel_bins", self.number(1, 5))
        if "return_state" in arguments and self.chance(0.5):
            del arguments["return_state"]
        if self.chance(0.04):
            arguments["trainable"] = False
        return Make(f"L.{cls}", arguments)

    # ---- programs

    def size(self, high=8):
        return self.number(1, high)

    def source(self, program, rank, cls=""):
        """A new input of a rank that counts the batch."""
        name = f"a{len(program.sources)}"
        high = {2: 9, 3: 8, 4: 7, 5: 4}.get(rank, 3)
        low = 3 if spatial_axes(cls) and self.chance(0.7) else 1
        shape = tuple(self.number(min(low, high), high) for _ in range(rank - 1))
        kind = "normal"
        if cls in ("Masking",) or (rank == 3 and self.chance(0.15)):
            kind = "padded normal"
        sizes = shape
        if rank > 2 and not (cls and needs_sizes(cls)) and self.chance(0.25):
            n = 2 if rank > 3 and self.chance(0.3) else 1
            shape, sizes = (None,) * n + shape[n:], (self.open_size,) * n + shape[n:]
        program.sources.append(Source(name, shape, sizes, "float32", kind))
        return name

    def tokens(self, program, rank):
        name = f"a{len(program.sources)}"
        shape = tuple(self.size(7) for _ in range(rank - 1))
        kind = "padded int:12" if rank == 2 and self.chance(0.6) else "int:12"
        open_length = rank == 2 and self.chance(0.3)
        if open_length:
            shape = (self.open_size,)
        program.sources.append(Source(name, (None,) if open_length else shape, shape, "int32", kind))
        return name

    def live(self, program, values, line):
        """Runs a line of the program on symbolic tensors. False where Keras refuses it or the result is unfit."""
        name = line.name
        try:
            exec(repr(line), values)
            results = values[name]
            results = list(results) if isinstance(results, (list, tuple)) else [results]
            for result in results:
                sizes = [7 if d is None else d for d in result.shape[1:]]
                if not isinstance(result, keras.KerasTensor) or 0 in sizes or math.prod(sizes) > LARGEST or len(sizes) > 4:
                    return False
            return True
        except Exception:  # Keras's many ways to say no
            return False

    def tensors(self, program, values):
        """Names of all float tensors, and their shapes."""
        found = {}
        for name in [s.name for s in program.sources] + [n.name for n in program.nodes]:
            value = values[name]
            for i, tensor in enumerate(value if isinstance(value, (list, tuple)) else [value]):
                if tensor.dtype == "float32":
                    found[f"{name}[{i}]" if isinstance(value, (list, tuple)) else name] = tuple(tensor.shape)
        return found

    def grow(self, program, values, cls, inputs=None):
        """Adds a call of a layer of this class, on given inputs or on some."""
        shapes = self.tensors(program, values)
        rank = spatial_axes(cls) and spatial_axes(cls) + 2
        for _ in range(ATTEMPTS[cls == self.star]):
            before = len(program.sources)
            if inputs:
                x = inputs[0]
                shape = tuple(values[x].shape)
            elif cls in ("Embedding", "ReversibleEmbedding", "CategoryEncoding", "IntegerLookup"):
                x = self.tokens(program, self.number(2, 3))
                shape = (None, *program.sources[-1].shape)
            else:
                least = 3 if family(cls) == "attention" else 2  # of the axes that Keras documents
                fitting = [name for name in shapes if len(shapes[name]) >= least and rank in (None, len(shapes[name]))
                           and not (needs_sizes(cls) and None in shapes[name][1:])]
                if fitting and self.chance(0.9):
                    # Mostly the newest, so that models grow deep.
                    x = fitting[-1] if self.chance(0.7) else self.pick(fitting)
                    shape = shapes[x]
                else:
                    wanted = rank or {"Masking": 3, "rnn": 3}.get(cls) or (3 if family(cls) in ("rnn", "attention") else
                                                                           self.number(2, 4))
                    if cls == "TimeDistributed":
                        wanted = self.number(3, 5)
                    elif cls.startswith("ConvLSTM"):
                        wanted = rank + 1
                    elif cls == "RepeatVector":
                        wanted = 2
                    x = self.source(program, wanted, cls)
                    shape = (None, *program.sources[-1].shape)
            for source in program.sources[before:]:
                exec(repr(source), values)
            if self.add_call(program, values, cls, x, shape, shapes):
                return True
            for source in program.sources[before:]:
                del values[source.name]
            del program.sources[before:]
        return False

    def add_call(self, program, values, cls, x, shape, shapes):
        if cls in self.cells or cls == "StackedRNNCells":
            layer = Make("L.RNN", {"cell": self.make(cls, shape)})
        else:
            layer = self.make(cls, shape)
        inputs, keywords, added = [x], {}, len(program.sources)
        count = {"merging": 2 if cls in ("Subtract", "Dot") else self.number(2, 3),
                 "attention": self.number(2, 3)}.get(family(cls), 1)
        while len(inputs) < count:
            like = [name for name in shapes if shapes[name] == shape and name != x]
            if family(cls) == "attention" and self.chance(0.5) and len(shape) == 3:
                like = [name for name in shapes if len(shapes[name]) == 3 and shapes[name][2] == shape[2]]
            if like and self.chance(0.7):
                inputs.append(self.pick(like))
            elif self.chance(0.2):
                inputs.append(x)
            else:
                sizes = [self.number(1, 5) if d is None else d for d in shape[1:]]
                if None in shape[1:]:
                    inputs.append(x)
                    continue
                given = list(shape[1:])
                if cls in ("Concatenate", "Dot", "Add", "Multiply") and self.chance(0.4):
                    at = self.number(0, len(given) - 1)
                    given[at] = sizes[at] = self.pick([1, self.size(6)])
                name = f"a{len(program.sources)}"
                program.sources.append(Source(name, tuple(given), tuple(sizes), "float32",
                                              "padded normal" if len(given) == 2 and self.chance(0.1) else "normal"))
                exec(repr(program.sources[-1]), values)
                inputs.append(name)
        if family(cls) == "attention" and cls in ("Attention", "AdditiveAttention"):
            if self.chance(0.3):
                keywords["use_causal_mask"] = True
            if self.chance(0.2):
                keywords["return_attention_scores"] = True
        elif cls in ("LSTM", "GRU", "SimpleRNN") and self.chance(0.2):
            states = []
            for _ in range(2 if cls == "LSTM" else 1):
                name = f"a{len(program.sources)}"
                program.sources.append(Source(name, (layer.arguments["units"],), (layer.arguments["units"],)))
                exec(repr(program.sources[-1]), values)
                states.append(Code(name))
            keywords["initial_state"] = states
        name = f"layer_{len(program.layers)}"
        node = Node(f"x{len(program.nodes)}", name, inputs, keywords, spread=takes_several(cls))
        try:
            values[name] = eval(repr(layer), values)
        except Exception:
            values[name] = None
        if values[name] is not None and self.live(program, values, node):
            program.layers[name] = layer
            program.nodes.append(node)
            if getattr(values[node.name], "dtype", "float32").startswith("int"):  # numbers to go on with
                name = f"layer_{len(program.layers)}"
                program.layers[name], values[name] = Make("L.Rescaling", {"scale": 0.5}), L.Rescaling(0.5)
                program.nodes.append(Node(f"x{len(program.nodes)}", name, [node.name], {}))
                return self.live(program, values, program.nodes[-1])
            return True
        for source in program.sources[added:]:
            del values[source.name]
        del program.sources[added:]
        return False

    def grow_other(self, program, values):
        """An expression, a second call of a layer, or a nested model."""
        shapes = {name: shape for name, shape in self.tensors(program, values).items() if len(shape) > 1}
        if not shapes:
            return False
        kind = self.pick(["unary", "binary", "again", "nested"])
        x = self.pick(shapes)
        name = f"x{len(program.nodes)}"
        if kind == "unary":
            node = Node(name, "", [x], {}, self.pick(UNARY))
        elif kind == "binary":
            node = Node(name, "", [x, self.pick([n for n in shapes if shapes[n] == shapes[x]])], {}, self.pick(BINARY))
        elif kind == "again" and program.nodes:
            old = self.pick(program.nodes)
            if not old.layer or len(old.inputs) > 1 or old.keywords:
                return False
            node = Node(name, old.layer, [x], {})
        else:
            inner = self.nested(shapes[x])
            if not inner:
                return False
            layer = f"model_{len(program.layers)}"
            exec("\n".join(inner.lines(layer)), values)
            node = Node(name, layer, [x], {})
            if self.live(program, values, node):
                program.layers[layer] = inner
                program.nodes.append(node)
                return True
            return False
        if self.live(program, values, node):
            program.nodes.append(node)
            return True
        return False

    def nested(self, shape):
        name = f"b{self.number(0, 999)}"
        inner = Program([Source(name, shape[1:], shape[1:])], {}, [], [])
        values = {"keras": keras, "L": L}
        exec(repr(inner.sources[0]), values)
        last = name
        for _ in range(self.number(1, 3)):
            single = [cls for cls in self.steps if family(cls) not in ("merging", "attention", "preprocessing")
                      and cls not in ("Embedding", "ReversibleEmbedding")
                      and spatial_axes(cls) in (None, len(values[last].shape) - 2)]
            if not single:
                break
            cls = self.pick(single)
            try:
                layer = self.make(cls, tuple(values[last].shape))
                if "return_state" in layer.arguments or "initial_state" in layer.arguments:
                    continue
                layer_name = f"{name}_{len(inner.layers)}"
                values[layer_name] = eval(repr(layer), values)
            except Exception:
                continue
            node = Node(f"{name}x{len(inner.nodes)}", layer_name, [last], {})
            if self.live(inner, values, node) and values[node.name].dtype == "float32":
                inner.layers[layer_name] = layer
                inner.nodes.append(node)
                last = node.name
        if last == name:
            return None
        inner.outputs = [last]
        inner.sequential = self.chance(0.5)
        return inner

    def program(self):
        """A program, or None where none came out."""
        program = Program([], {}, [], [], batch=self.number(1, 7), seed=self.number(0, 10**6))
        values = {"keras": keras, "L": L}
        length = self.pick([1, 2, 3, 4, 5, 6, 8, 10, 12])
        at = self.number(0, length - 1) if self.star and self.chance(0.5) else 0
        for step in range(length):
            if self.star and step == at:
                if not self.grow(program, values, self.star):
                    return None
            elif program.nodes and self.chance(0.2):
                self.grow_other(program, values)
            else:
                ranks = {len(shape) - 2 for shape in self.tensors(program, values).values()}
                fresh = self.chance(0.1)
                self.grow(program, values, self.pick(
                    cls for cls in self.steps if fresh or not ranks or (spatial_axes(cls) or min(ranks)) in ranks))
        shapes = self.tensors(program, values)
        ends = [name for name in shapes if name.startswith("x")]
        if not ends:
            return None
        used = {use for node in program.nodes for use in node.uses()}
        loose = [name for name in ends if name.split("[")[0] not in used] or ends
        program.outputs = [loose[-1], *(name for name in loose[-3:-1] if self.chance(0.5))]
        if self.star and f"L.{self.star}(" not in repr(program.pruned()):
            stars = {node.name for node in program.nodes if f"L.{self.star}(" in repr(program.layers.get(node.layer))}
            own = [name for name in ends if name.split("[")[0] in stars]
            if not own:
                return None
            program.outputs.append(own[0])
        program = program.pruned()
        if program.chain() and self.chance(0.6):
            program.sequential = True
        return program
