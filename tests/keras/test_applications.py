"""The networks of keras.applications with random weights at a small size: features, logits and gradients."""

import functools

import harness
import keras
import numpy as np
import reference
from harness import RNG, floats

# Sides of images: small, but of several positions still behind the last stride.
NETWORKS = {"MobileNet": 64, "MobileNetV2": 64, "MobileNetV3Small": 64, "MobileNetV3Large": 64, "ResNet50": 64, "ResNet50V2": 64,
            "DenseNet121": 64, "EfficientNetB0": 64, "EfficientNetV2B0": 64, "InceptionV3": 75, "Xception": 71, "VGG16": 32,
            "NASNetMobile": 64, "ConvNeXtTiny": 64}
OWN_SCALING = ("MobileNetV3", "EfficientNet", "ConvNeXt")
TRAINED = ["MobileNetV3Small", "EfficientNetB0"]
TOLERANCE = 5e-5  # of the largest element; Keras's own float32 is within 1e-5


def value_for(weight):
    """Keeps the size of what passes through, so that every layer counts at the end."""
    kind, shape = weight.path.split("/")[-1], weight.shape
    if kind == "count":
        return np.asarray(weight)
    if kind.endswith("variance"):
        return RNG.uniform(0.5, 1.5, shape)
    if kind == "gamma":
        return RNG.uniform(0.6, 1.4, shape)
    if len(shape) < 2:
        return 0.1 * floats(*shape)
    depthwise = len(shape) == 4 and (kind == "depthwise_kernel" or shape[3] == 1)
    return floats(*shape) * np.sqrt(1.6 / np.prod(shape[:2] if depthwise else shape[:-1]))


def network(name, side):
    """With three outputs: an array of features half-way and at the end, and the logits."""
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classifier_activation=None)
    model.set_weights([value_for(weight) for weight in model.weights])
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    images = [layer.output for layer in model.layers if len(layer.output.shape) == 4]
    return keras.Model(model.input, [images[len(images) // 2], images[-1], model.output])


class Applications(harness.Case):
    def image(self, name, side):
        return floats(2, side, side, 3) if not name.startswith(OWN_SCALING) else RNG.uniform(0, 255, (2, side, side, 3)).astype("f")

    def assert_near(self, got, want, tolerance, what):
        self.assertEqual(got.shape, want.shape, what)
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * np.abs(want).max(), err_msg=what)

    def check(self, name):
        model, path = network(name, NETWORKS[name]), f"{self.folder}/model.keras"
        model.save(path)
        x = self.image(name, NETWORKS[name])
        want = reference.predict(model, [x])
        got = harness.lamina_outputs(path, [x])
        for i, what in enumerate(("middle", "features", "logits")):
            self.assert_near(got[i], want[f"output_{i}"], TOLERANCE, f"{name}: {what}")

    def check_gradients(self, name):
        model, path = network(name, 32), f"{self.folder}/model.keras"
        model.save(path)
        x = self.image(name, 32)
        cotangents = [floats(*shape) for shape in reference.output_shapes(model, [x])]
        want = reference.compute(model, [x], cotangents)
        np.savez(f"{self.folder}/x.npz", input_0=x, **{f"cotangent_{i}": c for i, c in enumerate(cotangents)})
        harness.lamina("grad", path, "-i", f"{self.folder}/x.npz", "-o", f"{self.folder}/g.npz")
        with np.load(f"{self.folder}/g.npz") as got:
            for key in (key for key in want if key.startswith("grad")):
                self.assert_near(got[key], want[key], 10 * TOLERANCE, f"{name}: {key}")


for name in NETWORKS:
    setattr(Applications, f"test_{name}", functools.partialmethod(Applications.check, name))
for name in TRAINED:
    setattr(Applications, f"test_gradients_of_{name}", functools.partialmethod(Applications.check_gradients, name))

if __name__ == "__main__":
    harness.main()
