"""A program's model in Keras and in Lamina: outputs, gradients, a training step, and the way back."""

import json
import random
import re
import subprocess
import tempfile

import numpy as np

import keras
import reference

KINDS = ("run", "grad", "train", "convert")
SECONDS = 240  # for one command
STEPS = ["sgd:learning_rate=0.05", "sgd:learning_rate=0.05,momentum=0.9,nesterov=true",
         "adam:learning_rate=0.01,epsilon=0.1", "adam:learning_rate=0.01,epsilon=0.1,amsgrad=true"]
# Refusals of open sizes, which Keras with this backend, where each call has its own sizes, does not make.
OPEN = "must be equal|must be known|needs known sizes|needs a known"
LOSSES = ["mean_squared_error", "mean_absolute_error", "huber", "log_cosh"]


class Refused(Exception):
    """A command that failed; its message names no layers, so that two of a kind are equal."""

    def __init__(self, command, code, message):
        message = re.sub(r"\S*/model\.keras: ", "", message)
        super().__init__(f"lamina {command}: exit {code}: {message}")
        self.sort = f"{command} exit {code} " + re.sub(r"'[^']*'|[-\d.]+|[\[(].*?[\])]", "", message)[:60]


class Unfit(Exception):
    """Keras itself does not compute the program."""


def lamina(cli, *arguments):
    try:
        result = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Refused(arguments[0], "none", "took too long") from None
    if result.returncode:
        raise Refused(arguments[0], result.returncode, result.stderr.strip()[-600:])


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def optimizer(spec):
    name, _, settings = spec.partition(":")
    arguments = dict(item.split("=") for item in settings.split(","))
    return keras.optimizers.get({"class_name": name, "config": {
        key: json.loads(value) for key, value in arguments.items()}})


def numbered(name, items):
    return {name: items[0]} if len(items) == 1 else {f"{name}_{i}": item for i, item in enumerate(items)}


def check(cli, program, kinds=KINDS):
    """-> {kind: (sort, message)} of what is wrong, and how many arrays were compared and how many could not be."""
    choose = random.Random(program.seed)
    try:
        model = program.build()
        inputs = program.data()
        shapes = reference.output_shapes(model, inputs)
        if any(0 in shape for shape in shapes):
            raise Unfit("an output without elements")
        rng = np.random.default_rng(program.seed + 2)
        cotangents, targets = ([rng.normal(0, 1, shape).astype("float32") for shape in shapes] for _ in range(2))
        spec, loss = choose.choice(STEPS), choose.choice(LOSSES)
        random_layers = any("seed_generator" in v.path for v in model.variables)
        trains = "train" in kinds and model.trainable_variables and not random_layers
        compiled = lambda: trains and {"optimizer": optimizer(spec), "loss": loss}  # noqa: E731
    except Exception as error:
        raise Unfit(f"{type(error).__name__}: {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        path, threads = f"{folder}/model.keras", choose.choice([1, 2])
        model.save(path)
        try:
            want = reference.compute(model, inputs, cotangents, targets, compiled())
            with reference.float64():
                wide = lambda items: [x.astype("float64") if x.dtype == np.float32 else x for x in items]  # noqa: E731
                exact = reference.compute(reference.widened(model), wide(inputs), wide(cotangents), wide(targets), compiled())
        except Exception as error:
            raise Unfit(f"{type(error).__name__}: {error}") from error
        allowed = reference.tolerances(want, exact, max(x.size for x in inputs))
        np.savez(f"{folder}/x.npz", **{f"input_{i}": x for i, x in enumerate(inputs)},
                 **{f"cotangent_{i}": c for i, c in enumerate(cotangents)})
        np.savez(f"{folder}/data.npz", **numbered("x", inputs), **numbered("y", targets))

        def run():
            lamina(cli, "run", path, "-i", f"{folder}/x.npz", "-o", f"{folder}/y.npz", "--threads", threads)
            return arrays(f"{folder}/y.npz")

        def grad():
            lamina(cli, "grad", path, "-i", f"{folder}/x.npz", "-o", f"{folder}/g.npz", "--threads", threads)
            return arrays(f"{folder}/g.npz")

        def train():
            lamina(cli, "train", path, "-d", f"{folder}/data.npz", "-o", f"{folder}/trained.keras", "--loss", loss,
                   "--optimizer", spec, "--batch-size", program.batch, "--no-shuffle", "--json", f"{folder}/log.json",
                   "--threads", threads)
            with open(f"{folder}/log.json") as log:
                got = {"loss": np.float32(json.load(log)["history"]["loss"][0])}
            trained = keras.saving.load_model(f"{folder}/trained.keras", compile=False)
            variables = [*trained.trainable_variables, *trained.non_trainable_variables]
            return got | {f"weight_{i}": np.asarray(v) for i, v in enumerate(variables)}

        def convert():
            lamina(cli, "convert", path, f"{folder}/ours.keras")
            ours = keras.saving.load_model(f"{folder}/ours.keras")
            for a, b in zip(ours.weights, model.weights, strict=True):
                if a.name != b.name or not np.array_equal(np.asarray(a), np.asarray(b)):
                    raise Refused("convert", 0, f"weight '{b.path}' came back as '{a.path}' or with other values")
            return reference.predict(ours, inputs)

        prefixes = {"run": "output", "grad": "grad", "train": ("loss", "weight"), "convert": "output"}
        wrong, compared, left_out = {}, 0, 0
        for kind in kinds:
            if kind == "train" and not trains:
                continue
            try:
                got = {"run": run, "grad": grad, "train": train, "convert": convert}[kind]()
            except Refused as error:
                if re.search(OPEN, str(error)) and any(None in source.shape for source in program.sources):
                    raise Unfit(f"a size that must be known, or equal to another: {error}") from error
                wrong[kind] = (error.sort, str(error))
                continue
            except Exception as error:  # Keras does not take our file
                wrong[kind] = (f"{kind} {type(error).__name__}", f"{kind}: {type(error).__name__}: {str(error)[:600]}")
                continue
            for key in (key for key in want if key.startswith(prefixes[kind])):
                if allowed[key] is None:
                    left_out += 1
                    continue
                compared += 1
                what = distance_of(got, want, key, allowed[key])
                if what and kind not in wrong:
                    wrong[kind] = (f"{kind} values", f"{kind}: {key}: {what}"
                                   + (f" (--loss {loss} --optimizer {spec})" if kind == "train" else ""))
        return wrong, compared, left_out


def distance_of(got, want, key, allowed):
    return "missing" if key not in got else reference.distance(got[key], want[key], allowed)
