"""Every layer and every kind of model: Keras's file in Lamina, Lamina's file in Keras."""

import harness
import keras
from harness import floats, ids, noise
from keras import layers as L


class Exchange(harness.Case):
    def check(self, model, *inputs):
        self.check_exchange(noise(model), list(inputs))

    def check_layers(self, *layers, x):
        self.check(keras.Sequential([keras.Input(x.shape[1:], dtype=x.dtype.name), *layers]), x)

    def test_activations(self):
        names = ["relu", "relu6", "sigmoid", "softmax", "softplus", "softsign", "tanh", "selu", "elu", "exponential",
                 "leaky_relu", "silu", "gelu", "hard_sigmoid", "hard_silu", "linear", "mish", "log_softmax", "celu", "glu",
                 "hard_shrink", "hard_tanh", "log_sigmoid", "soft_shrink", "sparse_plus", "sparsemax", "squareplus",
                 "tanh_shrink", "threshold", "sparse_sigmoid"]
        x = keras.Input((8,))
        model = keras.Model(x, [L.Activation(name)(x) for name in names if name != "threshold"])
        self.check(model, 2 * floats(5, 8))

    def test_dense(self):
        self.check_layers(L.Dense(7, activation="relu"), L.Dense(3, use_bias=False), x=floats(5, 4))
        self.check_layers(L.Dense(3), x=floats(2, 5, 6, 4))

    def test_shapes(self):
        self.check_layers(L.Reshape((2, 6)), L.Permute((2, 1)), L.Flatten(), L.Dropout(0.5), x=floats(3, 4, 3))
        self.check_layers(L.Reshape((-1, 3)), x=floats(3, 2, 9))

    def test_convolution(self):
        self.check_layers(L.Conv2D(5, (3, 2), strides=(2, 1), padding="same", activation="gelu"), x=floats(2, 9, 8, 3))
        self.check_layers(L.Conv2D(6, 3, dilation_rate=2, groups=3, use_bias=False), x=floats(2, 9, 8, 3))

    def test_pooling(self):
        self.check_layers(L.MaxPooling2D(3, strides=2, padding="same"), L.AveragePooling2D(2), L.GlobalAveragePooling2D(),
                          x=floats(2, 9, 8, 3))
        self.check_layers(L.AveragePooling2D(3, padding="same"), L.GlobalAveragePooling2D(keepdims=True), x=floats(2, 7, 8, 3))

    def test_normalization(self):
        self.check_layers(L.BatchNormalization(), L.LayerNormalization(), x=floats(4, 5, 6))
        self.check_layers(L.BatchNormalization(axis=1, center=False), L.LayerNormalization(axis=[1, 2], scale=False),
                          x=floats(4, 5, 6))

    def test_recurrent(self):
        self.check_layers(L.LSTM(6, return_sequences=True), L.LSTM(4, go_backwards=True, use_bias=False), x=floats(3, 7, 5))
        self.check_layers(L.Embedding(20, 6, mask_zero=True), L.LSTM(5), L.Dense(2), x=ids(20, 4, 9))

    def test_open_time(self):
        model = noise(keras.Sequential([keras.Input((None,), dtype="int32"), L.Embedding(20, 6, mask_zero=True), L.LSTM(5)]))
        for length in (1, 8):
            self.check_exchange(model, [ids(20, 3, length)])

    def test_functional(self):
        a, b = keras.Input((6,), name="left"), keras.Input((6,), name="right")
        shared = L.Dense(5, activation="tanh", name="shared")
        left, right = shared(a), shared(b)
        joined = L.Concatenate()([L.Add()([left, right]), L.Multiply()([left, right])])
        inner_input = keras.Input((10,))
        inner = keras.Model(inner_input, L.Dense(4)(inner_input), name="inner")
        model = keras.Model([a, b], [inner(joined), left + 2.0 * right], name="outer")
        self.check(model, floats(3, 6), floats(3, 6))

    def test_nested_sequential(self):
        block = keras.Sequential([keras.Input((4,)), L.Dense(4, activation="relu"), L.BatchNormalization()], name="block")
        x = keras.Input((4,))
        self.check(keras.Model(x, block(block(x)) + x), floats(3, 4))


if __name__ == "__main__":
    harness.main()
