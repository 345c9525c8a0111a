"""Training: the same history as Keras's, and each goes on where the other stopped."""

import json

import numpy as np

import harness
import keras
from harness import floats
from keras import layers as L


def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((6,)), L.Dense(16, activation="tanh"), L.BatchNormalization(),
                             L.Dense(3, activation="softmax")])


def optimizers():
    return {
        "sgd:learning_rate=0.1,momentum=0.9,nesterov=true": keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        "adam:learning_rate=0.01": keras.optimizers.Adam(0.01),
    }


class Training(harness.Case):
    def setUp(self):
        super().setUp()
        self.x = floats(40, 6)
        self.y = np.argmax(self.x[:, :3], axis=1).astype(np.int32)
        np.savez(f"{self.folder}/data.npz", x=self.x, y=self.y)

    def train(self, source, target, optimizer, epochs):
        harness.lamina("train", source, "-d", f"{self.folder}/data.npz", "-o", target, "--loss",
                          "sparse_categorical_crossentropy", "--optimizer", optimizer, "--epochs", epochs, "--batch-size", 8,
                          "--metrics", "accuracy", "--no-shuffle", "--json", f"{self.folder}/log.json")
        with open(f"{self.folder}/log.json") as log:
            return json.load(log)["history"]

    def fit(self, net, optimizer, epochs):
        if optimizer is not None:
            net.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return net.fit(self.x, self.y, epochs=epochs, batch_size=8, shuffle=False, verbose=0).history

    def check_history(self, got, want):
        for key, values in want.items():
            np.testing.assert_allclose(got[key], values, rtol=1e-4, atol=1e-5, err_msg=key)

    def test_history_and_weights(self):
        for spec, optimizer in optimizers().items():
            with self.subTest(optimizer=spec):
                net = model()
                net.save(f"{self.folder}/start.keras")
                got = self.train(f"{self.folder}/start.keras", f"{self.folder}/end.keras", spec, 3)
                self.check_history(got, self.fit(net, optimizer, 3))
                loaded = keras.saving.load_model(f"{self.folder}/end.keras")
                self.assert_close(loaded.get_weights(), net.get_weights(), tolerance=1e-4)

    def test_keras_goes_on_with_our_adam(self):
        net = model()
        net.save(f"{self.folder}/start.keras")
        self.train(f"{self.folder}/start.keras", f"{self.folder}/half.keras", "adam:learning_rate=0.01", 2)
        resumed = self.fit(keras.saving.load_model(f"{self.folder}/half.keras"), None, 2)
        want = self.fit(net, keras.optimizers.Adam(0.01), 4)
        self.check_history(resumed, {key: values[2:] for key, values in want.items()})


if __name__ == "__main__":
    harness.main()
