"""What a model is compiled with: structures of losses and metrics, and optimizers that wrap others, train as in Keras
and come back from each other's files."""

import json

import numpy as np

import harness
import keras
from harness import floats
from keras import layers as L
from keras import optimizers as O

ROWS, BATCH = 20, 6


def two_outputs():
    keras.utils.set_random_seed(2)
    x = keras.Input((5,), name="x")
    shared = L.Dense(6, activation="tanh", name="encoder")(x)
    price = L.Dense(2, name="price")(shared)
    kind = L.Dense(3, activation="softmax", name="kind")(shared)
    return keras.Model(x, [price, kind])


class Compile(harness.Case):
    def setUp(self):
        super().setUp()
        self.x, self.y = floats(ROWS, 5), [floats(ROWS, 2), np.eye(3, dtype=np.float32)[np.arange(ROWS) % 3]]
        self.weights = np.linspace(0.5, 2.0, ROWS, dtype=np.float32)

    def data(self, scale=1.0, weights=True):
        arrays = {"x": self.x * np.float32(scale), **{f"y_{i}": y for i, y in enumerate(self.y)}}
        if weights:
            arrays["sample_weight"] = self.weights
        np.savez(f"{self.folder}/data.npz", **arrays)

    def train(self, source, target, epochs):
        """As the file says."""
        harness.lamina("train", source, "-d", f"{self.folder}/data.npz", "-o", target, "--epochs", epochs, "--batch-size",
                       BATCH, "--no-shuffle", "--json", f"{self.folder}/log.json")
        with open(f"{self.folder}/log.json") as log:
            return json.load(log)["history"]

    def fit(self, model, epochs, scale=1.0):
        return model.fit(self.x * np.float32(scale), self.y, sample_weight=[self.weights] * 2, epochs=epochs, batch_size=BATCH,
                         shuffle=False, verbose=0).history

    def check(self, model, scale=1.0):
        """We train, Keras goes on; Keras trains, we go on; both as Keras alone."""
        start, half, end = (f"{self.folder}/{name}.keras" for name in ("start", "half", "end"))
        self.data(scale)
        model.save(start)
        got = [self.train(start, half, 2), self.fit(keras.saving.load_model(half), 2, scale)]
        want = [self.fit(model, 2, scale)]
        model.save(half)
        got.append(self.train(half, end, 2))
        want += [self.fit(model, 2, scale)] * 2
        for ours, theirs in zip(got, want):
            self.assertEqual(sorted(ours), sorted(theirs))
            for key, values in theirs.items():
                np.testing.assert_allclose(ours[key], values, rtol=2e-4, atol=1e-5, err_msg=key)
        self.assert_close(keras.saving.load_model(end).get_weights(), model.get_weights(), tolerance=2e-4)

    def test_structures(self):
        mse, ce = "mean_squared_error", keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
        for arguments in (
            dict(loss=mse),
            dict(loss=[mse, ce], loss_weights=[0.3, 2.0], metrics=["mae", "accuracy"]),
            dict(loss={"kind": ce, "price": mse}, loss_weights={"kind": 2.0, "price": 0.3},
                 metrics={"kind": ["accuracy", keras.metrics.AUC(num_thresholds=20)]}),
            dict(loss=[mse, None], metrics=[["mae", "mae"], None], weighted_metrics=[["mae", "mse"], ["accuracy"]]),
            dict(loss={"kind": ce, "price": None}, loss_weights={"kind": 0.5, "price": 1.0},
                 weighted_metrics={"price": ["mse"], "kind": "accuracy"}),
            dict(loss=mse, loss_weights=0.25, metrics=[["mse"], []]),
        ):
            with self.subTest(**{key: str(value) for key, value in arguments.items()}):
                model = two_outputs()
                model.compile(O.SGD(0.05, momentum=0.9), **arguments)
                self.check(model)

    def test_multi_optimizer(self):
        encoder = O.Adam(0.01, clipnorm=0.5)
        for map in (
            {"encoder/.*": encoder, "price/bias": O.RMSprop(0.02)},
            {r"(?:encoder|price)/\w+": O.SGD(O.schedules.ExponentialDecay(0.1, 2, 0.5)), "kind/kernel": O.Adam(0.02)},
            {"nothing": O.Adam()},
        ):
            with self.subTest(map=list(map)):
                model = two_outputs()
                model.compile(O.MultiOptimizer(O.OptimizerMap(O.SGD(0.05, momentum=0.5), map)), loss="mse")
                self.check(model)

    def test_loss_scale_optimizer(self):
        for inner in (O.Adam(0.01), O.SGD(0.05, momentum=0.9, clipvalue=0.01, gradient_accumulation_steps=2)):
            model = two_outputs()
            model.compile(O.LossScaleOptimizer(inner, initial_scale=64.0, dynamic_growth_steps=3), loss="mse")
            self.check(model)
        # 16 bits overflow: the scale falls, and no step is taken until it fits.
        model = two_outputs()
        model.compile(O.LossScaleOptimizer(O.SGD(1e-9), initial_scale=2.0**126), loss="mse")
        self.check(model, scale=1e3)

    def test_muon_leaves_layers_out(self):
        model = two_outputs()
        model.compile(O.Muon(0.02, exclude_layers=["^pri", "k.nd/"]), loss="mse")
        self.check(model)

    def test_mixed_precision_wraps_the_optimizer(self):
        keras.config.set_dtype_policy("mixed_float16")
        try:
            model = two_outputs()
            model.compile(O.SGD(0.05), loss="mse")
        finally:
            keras.config.set_dtype_policy("float32")
        self.data()
        self.fit(model, 1)
        model.save(f"{self.folder}/start.keras")
        self.train(f"{self.folder}/start.keras", f"{self.folder}/end.keras", 1)
        self.fit(model, 1)
        again = keras.saving.load_model(f"{self.folder}/end.keras")
        self.assertIsInstance(again.optimizer, O.LossScaleOptimizer)
        self.assertEqual(int(again.optimizer.step_counter), int(model.optimizer.step_counter))
        self.assert_close(again.get_weights(), model.get_weights(), tolerance=2e-3)


if __name__ == "__main__":
    harness.main()
