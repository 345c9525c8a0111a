"""What of the installed Keras is known here: writes docs/layers.md, or says how it differs.

    supported.py LAMINA FILE [--check]
"""

import argparse
import difflib
import importlib
import inspect
import os
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "jax"
import keras  # noqa: E402

BASE = "a base class, no layer of its own"
REASONS = {"Layer": BASE, "Wrapper": BASE}
# Keras's classes that have a name of their own in the graph of layers, and no entry in the list.
BUILT_IN = {"InputLayer"}
# Arguments of every layer, and those that never reach a file or say nothing about numbers.
COMMON = {"self", "args", "kwargs", "name", "dtype", "trainable", "activity_regularizer", "autocast"}
# Means and sums of values themselves, which no model reports.
NO_METRICS = ("Mean", "Sum", "MeanMetricWrapper")
FAMILIES = {"initializers": keras.initializers.Initializer, "regularizers": keras.regularizers.Regularizer,
            "constraints": keras.constraints.Constraint, "losses": keras.losses.Loss,
            "optimizers": keras.optimizers.Optimizer, "metrics": keras.metrics.Metric}
NOTE = """# What of Keras is known

Written by `cmake --build build --target docs_layers` from Keras {version} and `lamina list`; a test compares. An argument that is
not known is one of Keras's constructor that no configuration here has. [layers_guide.md](layers_guide.md) shows each family at work.
"""


def known(cli, family):
    """{name: arguments}"""
    lines = subprocess.run([cli, "list", family], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: set(filter(None, arguments.rstrip(")").split(", "))) for name, _, arguments in
            (line.partition("(") for line in lines)}


def refused(cli):
    """{layer: reason}"""
    lines = subprocess.run([cli, "list", "refused"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: reason.rstrip(")") for name, _, reason in (line.partition("(") for line in lines)}


def public_classes(module, base):
    """{name: class} of what the module shows under the class's own name."""
    return {name: value for name, value in sorted(vars(module).items())
            if inspect.isclass(value) and issubclass(value, base) and name == value.__name__}


def arguments(cls):
    return [name for name in inspect.signature(cls.__init__).parameters if name not in COMMON]


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def layers(cli):
    have, reasons, classes = known(cli, "layers"), {**REASONS, **refused(cli)}, {}
    for name, cls in sorted(vars(keras.layers).items()):
        if inspect.isclass(cls) and issubclass(cls, keras.layers.Layer):
            classes.setdefault(cls, []).append(name)
    rows, count = [], 0
    for cls, names in sorted(classes.items(), key=lambda item: (item[0].__module__.split(".")[3], item[1])):
        name = min(names, key=lambda name: (name not in have, name != cls.__name__))  # as files have it
        title = ", ".join(f"`{name}`" for name in sorted(names, key=lambda other: other != name))
        family = cls.__module__.split(".")[3]
        if name in have or name in BUILT_IN:
            count += 1
            missing = [f"`{a}`" for a in arguments(cls) if name in have and a not in have[name]]
            rows.append(row(family, title, "yes", ", ".join(missing)))
        else:
            rows.append(row(family, title, "no", reasons.get(name, "")))
    return [f"## Layers: {count} of {len(classes)}", "", row("family", "layer", "known", "arguments that are not, or why not"),
            row(*["---"] * 4), *rows, ""]


def operations(cli):
    """The classes of nodes that a call of keras.ops leaves in a Functional model."""
    have, lines = known(cli, "operations"), []
    for module in ("core", "einops", "image", "linalg", "math", "nn", "numpy"):
        path = f"keras.src.ops.{module}"
        classes = [name for name, cls in sorted(vars(importlib.import_module(path)).items())
                   if inspect.isclass(cls) and issubclass(cls, keras.Operation) and cls.__module__ == path]
        known_here, missing = ([f"`{name}`" for name in classes if (f"{path}.{name}" in have) == is_known]
                               for is_known in (True, False))
        lines.append(row(module, f"{len(known_here)} of {len(classes)}", ", ".join(known_here), ", ".join(missing)))
    return ["## Operations between layers", "", row("module of keras.ops", "count", "known", "not known"),
            row(*["---"] * 4), *lines, ""]


def others(cli):
    lines = []
    functions = {name for name, value in vars(keras.activations).items()
                 if inspect.isfunction(value) and name == value.__name__ and name not in ("get", "serialize", "deserialize")}
    families = {"activations": ({name: None for name in sorted(functions)}, known(cli, "activations"))}
    for family, base in FAMILIES.items():
        classes = public_classes(getattr(keras, family), base)
        for other in (base.__name__, *NO_METRICS):
            classes.pop(other, None)
        families[family] = classes, known(cli, family)
    schedule = keras.optimizers.schedules.LearningRateSchedule
    schedules = public_classes(keras.optimizers.schedules, schedule)
    schedules.pop(schedule.__name__)
    families["schedules"] = schedules, known(cli, "schedules")
    for family, (classes, have) in families.items():
        has = lambda name: name in have or keras.src.utils.naming.to_snake_case(name) in have  # noqa: E731
        missing = [f"`{name}`" for name in classes if not has(name)]
        lines.append(row(family, f"{len(classes) - len(missing)} of {len(classes)}", ", ".join(missing)))
    return ["## The rest", "", row("family", "known", "not known"), row("---", "---", "---"), *lines, ""]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lamina")
    parser.add_argument("file")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = "\n".join([NOTE.format(version=keras.__version__), *layers(options.lamina), *operations(options.lamina),
                      *others(options.lamina)])
    if not options.check:
        with open(options.file, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(options.file, encoding="utf-8") as file:
        lines = list(difflib.unified_diff(file.read().splitlines(), text.splitlines(), options.file, "now", lineterm="", n=0))
    print("\n".join(lines))
    sys.exit("renew it: cmake --build build --target docs_layers" if lines else 0)


if __name__ == "__main__":
    main()
