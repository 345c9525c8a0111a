"""The command line as functions, and the comparison with Keras."""

import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

os.environ["KERAS_BACKEND"] = "jax"
import keras  # noqa: E402

CLI = None
RNG = np.random.default_rng(1)


def main():
    """unittest.main with the program to test as the first argument."""
    global CLI
    CLI = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=2)


def lamina(*arguments):
    result = subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise AssertionError(f"lamina {' '.join(map(str, arguments))}: exit {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def ids(limit, *shape):
    return RNG.integers(0, limit, shape).astype(np.int32)


def noise(model):
    """Weights that are not what the layers start with, so that each counts; variances stay positive."""
    model.set_weights([np.abs(floats(*w.shape)) + 0.5 if w.name.endswith("variance") else 0.4 * floats(*w.shape)
                       for w in model.weights])
    return model


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def keras_outputs(model, inputs):
    return [np.asarray(output) for output in as_list(model(inputs if len(inputs) > 1 else inputs[0], training=False))]


def lamina_outputs(path, inputs, *flags):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/x.npz", **{f"input_{i}": array for i, array in enumerate(inputs)})
        lamina("run", path, "-i", f"{folder}/x.npz", "-o", f"{folder}/y.npz", *flags)
        with np.load(f"{folder}/y.npz") as arrays:
            return [arrays[f"output_{i}"] for i in range(len(arrays.files))]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def assert_close(self, got, want, tolerance=1e-5, what=""):
        self.assertEqual(len(got), len(want), what)
        for a, b in zip(got, want):
            self.assertEqual(a.shape, b.shape, what)
            scale = max(1.0, float(np.abs(b).max(initial=0.0)))
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=what)

    def check_exchange(self, model, inputs):
        """Both read each other's file and predict the same."""
        ours, theirs = f"{self.folder}/ours.keras", f"{self.folder}/theirs.keras"
        model.save(theirs)
        want = keras_outputs(model, inputs)
        self.assert_close(lamina_outputs(theirs, inputs), want, what="Keras's file in Lamina")
        lamina("convert", theirs, ours)
        loaded = keras.saving.load_model(ours)
        self.assert_close(keras_outputs(loaded, inputs), want, what="Lamina's file in Keras")
        again = keras.saving.load_model(theirs)
        self.assertEqual([w.path for w in loaded.weights], [w.path for w in again.weights])
        for a, b in zip(loaded.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)
