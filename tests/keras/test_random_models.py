"""Models drawn at random from all layers: equal outputs."""

import random

import harness
import keras
from harness import floats, ids, keras_outputs, lamina_outputs, noise
from keras import layers as L

ACTIVATIONS = ["relu", "tanh", "sigmoid", "gelu", "silu", "elu", "softplus", "linear"]


def grow_image(draw, x):
    return draw.choice([
        lambda: L.Conv2D(draw.randint(1, 9), draw.randint(1, 3), strides=draw.randint(1, 2), padding="same",
                         activation=draw.choice(ACTIVATIONS))(x),
        lambda: L.Conv2D(draw.randint(1, 9), 3, dilation_rate=draw.randint(1, 2), padding="same")(x),
        lambda: L.MaxPooling2D(2, padding="same")(x),
        lambda: L.AveragePooling2D(draw.randint(1, 3), strides=1, padding="same")(x),
        lambda: L.BatchNormalization()(x),
        lambda: L.Activation(draw.choice(ACTIVATIONS))(x),
        lambda: L.Add()([x, L.Conv2D(x.shape[-1], 3, padding="same")(x)]),
        lambda: L.Concatenate()([x, L.Conv2D(2, 1)(x)]),
    ])()


def grow_sequence(draw, x):
    return draw.choice([
        lambda: L.LSTM(draw.randint(1, 8), return_sequences=True, go_backwards=draw.random() < 0.3)(x),
        lambda: L.Dense(draw.randint(1, 9), activation=draw.choice(ACTIVATIONS))(x),
        lambda: L.LayerNormalization()(x),
        lambda: L.Permute((2, 1))(L.Permute((2, 1))(x)),
        lambda: L.Multiply()([x, L.Dense(x.shape[-1], activation="sigmoid")(x)]),
    ])()


def grow_vector(draw, x):
    return draw.choice([
        lambda: L.Dense(draw.randint(1, 40), activation=draw.choice(ACTIVATIONS))(x),
        lambda: L.LayerNormalization()(x),
        lambda: L.BatchNormalization()(x),
        lambda: L.Dropout(0.3)(x),
        lambda: x + L.Dense(x.shape[-1])(x),
        lambda: L.Concatenate()([x, L.Activation("tanh")(x)]),
    ])()


def random_model(seed):
    """A model and inputs; the kind of input goes round with the seed."""
    draw, batch = random.Random(seed), 1 + seed % 5
    if seed % 3 == 0:
        shape = (draw.randint(4, 12), draw.randint(4, 12), draw.randint(1, 5))
        entry, array = keras.Input(shape), floats(batch, *shape)
        x = entry
        for _ in range(draw.randint(1, 4)):
            x = grow_image(draw, x)
        x = draw.choice([L.Flatten(), L.GlobalAveragePooling2D()])(x)
    elif seed % 3 == 1:
        length = draw.randint(1, 9)
        entry, array = keras.Input((length,), dtype="int32"), ids(12, batch, length)
        x = L.Embedding(12, draw.randint(1, 8))(entry)
        for _ in range(draw.randint(1, 3)):
            x = grow_sequence(draw, x)
        x = draw.choice([L.Flatten(), L.LSTM(4)])(x)
    else:
        width = draw.randint(1, 40)
        entry, array = keras.Input((width,)), floats(batch, width)
        x = entry
    for _ in range(draw.randint(1, 4)):
        x = grow_vector(draw, x)
    return noise(keras.Model(entry, x)), [array]


class RandomModels(harness.Case):
    def test_equal_outputs(self):
        for seed in range(24):
            with self.subTest(seed=seed):
                model, inputs = random_model(seed)
                path = f"{self.folder}/{seed}.keras"
                model.save(path)
                self.assert_close(lamina_outputs(path, inputs), keras_outputs(model, inputs), tolerance=2e-5)


if __name__ == "__main__":
    harness.main()
