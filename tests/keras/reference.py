"""What Keras computes, in single and in double precision, and how far another may be from it.

    |got - want| <= max(16 err, floor scale, 1e-7) + 1e-5 |want|

err is the distance of Keras's float32 from the same model in float64: what float32 costs, for one order of summation;
another may be a few times worse. scale is the largest element, for gradients at least a tenth of the model's largest.
"""

import contextlib
import json

import jax
import numpy as np

import keras
from keras.src.backend.common import dtypes

jax.config.update("jax_disable_most_optimizations", True)

FLOORS = {"output": 4e-6, "grad": 8e-6, "weight": 2e-5, "loss": 2e-5}
ILL = 0.01  # of scale; beyond, float32 says nothing


def flat(value):
    return keras.tree.flatten(value)


@contextlib.contextmanager
def float64():
    """Keras in double precision: it narrows float64 by a table that has to give way meanwhile."""
    table, old = dtypes.BIT64_TO_BIT32_DTYPE, dtypes.BIT64_TO_BIT32_DTYPE["float64"]
    try:
        table["float64"] = "float64"
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        with jax.enable_x64(True):
            yield
    finally:
        table["float64"] = old
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def widened(model):
    """The same model in float64; to be called inside float64()."""
    text = json.dumps(keras.saving.serialize_keras_object(model)).replace('"float32"', '"float64"')
    wide = keras.saving.deserialize_keras_object(json.loads(text))
    wide.set_weights([w.astype("float64") if w.dtype == np.float32 else w for w in model.get_weights()])
    for layer in wide._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return wide


def is_float(array):
    return np.issubdtype(array.dtype, np.floating)


def one_or_list(items):
    return items[0] if len(items) == 1 else list(items)


def output_shapes(model, inputs):
    def run(*arrays):
        return flat(model.stateless_call(*state(model), one_or_list(arrays), training=False)[0])

    return [shape.shape for shape in jax.eval_shape(run, *inputs)]


def state(model):
    return [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]


def predict(model, inputs):
    """{output_0, …}"""
    run = jax.jit(lambda tv, ntv, arrays: flat(model.stateless_call(tv, ntv, one_or_list(arrays), training=False)[0]))
    return {f"output_{i}": np.asarray(y) for i, y in enumerate(run(*state(model), list(inputs)))}


def compute(model, inputs, cotangents, targets=None, compiled=None):
    """{output_i, grad_input_i, grad_weight_i} of the sum of outputs times cotangents plus regularization, and where the
    arguments of compile are given {loss, weight_i} after one step towards targets."""
    tv, ntv = state(model)

    def total(tv, floats):
        floats = iter(floats)
        arrays = [next(floats) if is_float(x) else x for x in inputs]
        outputs, _, losses = model.stateless_call(tv, ntv, one_or_list(arrays), training=False, return_losses=True)
        outputs = flat(outputs)
        return sum((y * c).sum() for y, c in zip(outputs, cotangents)) + sum(losses), outputs

    def step(tv, ntv, optimizer, metrics):
        logs, (tv, ntv, *_) = model.train_step((tv, ntv, optimizer, metrics),
                                               (one_or_list(inputs), one_or_list(targets), None))
        return logs["loss"], tv, ntv

    def everything(tv, floats, trained):
        (_, outputs), grads = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)(tv, floats)
        return outputs, grads, step(tv, *trained) if trained else None

    trained = None
    if compiled:
        model.compile(**compiled)
        model._symbolic_build(data_batch=(one_or_list(inputs), one_or_list(targets), None))
        trained = (ntv, [v.value for v in model.optimizer.variables], [v.value for v in model.metrics_variables])
    outputs, (weights, sources), after = jax.jit(everything)(tv, [x for x in inputs if is_float(x)], trained)
    result = {f"output_{i}": y for i, y in enumerate(outputs)}
    result |= {f"grad_weight_{i}": g for i, g in enumerate(weights)}
    floats = [i for i, x in enumerate(inputs) if is_float(x)]
    result |= {f"grad_input_{i}": g for i, g in enumerate(sources)}
    if after:
        loss, tv, ntv = after
        result["loss"] = loss
        result |= {f"weight_{i}": w for i, w in enumerate([*tv, *ntv]) if is_float(np.asarray(w))}
    return {key: np.asarray(value) for key, value in result.items()}


def largest(array):
    array = np.abs(np.asarray(array, "float64"))
    return float(array[np.isfinite(array)].max(initial=0.0))


def tolerances(want, wide, terms):
    """{key: atol, or None where float32 is no guide}. terms: how many are summed up at most, in a weight's gradient."""
    top = max((largest(value) for key, value in want.items() if key.startswith("grad")), default=0.0)
    result = {}
    for key, value in want.items():
        with np.errstate(all="ignore"):
            err = largest(np.where(np.isfinite(value), value - wide[key], 0))
        scale = largest(value)
        if key.startswith("grad"):
            scale = max(scale, 0.1 * top)
        floor = max(FLOORS[key.split("_")[0]], 1.2e-8 * terms if key.startswith("grad_weight") else 0)
        ill = err > ILL * max(scale, 1e-5) or not np.isfinite(value).all()
        result[key] = None if ill else max(16 * err, floor * scale, 1e-7)
    return result


def distance(got, want, atol):
    """What is wrong, or nothing."""
    if got.shape != want.shape:
        return f"shape {got.shape}, Keras's {want.shape}"
    wrong = ~(np.abs(got.astype("float64") - want) <= atol + 1e-5 * np.abs(want))
    if not wrong.any():
        return ""
    at = np.unravel_index(np.argmax(np.where(wrong, np.abs(got - want), 0)), want.shape)
    return (f"{wrong.sum()} of {wrong.size} elements differ, at {tuple(map(int, at))} {got[at]:.9g}, Keras's {want[at]:.9g}, "
            f"tolerance {atol:.1e}")
