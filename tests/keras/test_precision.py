"""Layers that compute in 16 bits: the same types as in Keras, and values as close as those types allow."""

import json

import numpy as np

import harness
import keras
from harness import floats
from keras import layers as L

# A few units in the last place of a result, of which ours rounds fewer on the way.
TOLERANCE = {"bfloat16": 0.03, "float16": 0.004}
POLICIES = ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16"]


def chain(x, *layers):
    y = x
    for layer in layers:
        y = layer(y)
    return keras.Model(x, y)


def models(policy):
    p = {"dtype": policy}
    r = p | {"recurrent_initializer": "glorot_uniform"}  # JAX has no orthogonal matrices of 16 bits
    attended, x = L.MultiHeadAttention(2, 4, **p), L.Input((6, 8))
    y = L.Dense(8, activation="gelu", **p)(x)
    y = L.LayerNormalization(**p)(attended(y, y) + y)
    return {
        "functional": keras.Model(x, L.Dense(3, **p)(keras.ops.mean(keras.ops.exp(y * 0.5), axis=1))),
        "mlp": chain(L.Input((20,)), L.Dense(33, activation="relu", **p), L.Dropout(0.1, **p),
                     L.Dense(5, activation="softmax", **p)),
        "back_to_float32": chain(L.Input((20,)), L.Dense(33, activation="tanh", **p),
                                 L.Dense(5, activation="softmax", dtype="float32")),
        "convolutional": chain(L.Input((10, 9, 3)), L.Conv2D(8, 3, padding="same", **p), L.BatchNormalization(**p),
                               L.ReLU(**p), L.MaxPooling2D(**p), L.SeparableConv2D(6, 3, **p),
                               L.GlobalAveragePooling2D(**p), L.Dense(4, **p)),
        "recurrent": chain(L.Input((None,), dtype="int32"), L.Embedding(9, 8, mask_zero=True, **p),
                           L.Bidirectional(L.LSTM(5, return_sequences=True, **r), **p), L.GRU(6, **r),
                           L.Dense(2, **p)),
    }


class Precision(harness.Case):
    def test_results(self):
        for policy in POLICIES:
            for name, net in models(policy).items():
                if not policy.startswith("mixed") and name not in ("mlp", "recurrent"):
                    continue
                with self.subTest(policy=policy, model=name):
                    self.check(net, policy)

    def check(self, net, policy):
        path, again = f"{self.folder}/net.keras", f"{self.folder}/again.keras"
        shape = [4] + [size or 7 for size in net.input_shape[1:]]
        x = harness.ids(9, *shape) if "int" in net.input.dtype else floats(*shape)
        harness.noise(net).save(path)
        [got], want = harness.lamina_outputs(path, [x]), np.asarray(net(x))
        # NumPy's files have no bfloat16: float32 holds its numbers.
        self.assertEqual(got.dtype, np.float32 if want.dtype.name == "bfloat16" else want.dtype)
        got, want = got.astype(np.float32), want.astype(np.float32)
        tolerance = TOLERANCE[policy.removeprefix("mixed_")]
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.abs(want).max())
        harness.lamina("convert", path, again)
        loaded = keras.saving.load_model(again)
        self.assertEqual([w.dtype for w in loaded.weights], [w.dtype for w in net.weights])
        np.testing.assert_array_equal(np.asarray(loaded(x)).astype(np.float32), want)

    def test_training(self):
        x = floats(40, 20)
        y = np.argmax(x[:, :5], axis=1).astype(np.int32)
        np.savez(f"{self.folder}/data.npz", x=x, y=y)
        for policy in ["mixed_bfloat16", "mixed_float16"]:
            with self.subTest(policy=policy):
                net = models(policy)["back_to_float32"]
                net.save(f"{self.folder}/start.keras")
                harness.lamina("train", f"{self.folder}/start.keras", "-d", f"{self.folder}/data.npz", "-o",
                               f"{self.folder}/end.keras", "--loss", "sparse_categorical_crossentropy", "--optimizer",
                               "adam:learning_rate=0.01", "--epochs", 3, "--batch-size", 8, "--no-shuffle", "--json",
                               f"{self.folder}/log.json")
                with open(f"{self.folder}/log.json") as log:
                    got = json.load(log)["history"]["loss"]
                net.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", auto_scale_loss=False)
                want = net.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0).history["loss"]
                np.testing.assert_allclose(got, want, rtol=TOLERANCE[policy.removeprefix("mixed_")])


if __name__ == "__main__":
    harness.main()
