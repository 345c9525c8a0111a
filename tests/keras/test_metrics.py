"""Metrics: what each says of an epoch is what Keras's says, with and without weights."""

import inspect
import json

import numpy as np

import harness
import keras
from keras import layers as L
from keras import metrics as M

ROWS, BATCH, CLASSES = 23, 7, 4
# No metrics of targets and predictions.
OTHER = {"Mean", "Sum", "Metric", "MeanMetricWrapper"}


def one_hot(ids):
    return np.eye(CLASSES, dtype=np.float32)[ids]


def suites():
    """-> (targets, predictions, what makes a metric ...)"""
    rng = np.random.default_rng(3)
    ids = rng.integers(0, CLASSES, ROWS).astype(np.int32)
    scores = rng.random((ROWS, CLASSES)).astype(np.float32) * 0.98 + 0.01
    probabilities = scores / scores.sum(1, keepdims=True)
    bits = rng.integers(0, 2, (ROWS, 1)).astype(np.float32)
    labels = rng.integers(0, 2, (ROWS, CLASSES)).astype(np.float32)
    values = rng.normal(0, 1, (ROWS, CLASSES)).astype(np.float32)
    yield (values + 0.3 * scores, values,
           M.MeanSquaredError, M.RootMeanSquaredError, M.MeanAbsoluteError, M.MeanAbsolutePercentageError,
           M.MeanSquaredLogarithmicError, M.CosineSimilarity, M.LogCoshError, M.R2Score, M.PearsonCorrelation,
           M.ConcordanceCorrelation, lambda: M.R2Score(class_aggregation=None),
           lambda: M.R2Score("variance_weighted_average", num_regressors=2), M.Accuracy)
    yield (labels, probabilities,
           M.Hinge, M.SquaredHinge, M.CategoricalHinge, M.KLDivergence, M.Poisson, M.BinaryCrossentropy,
           lambda: M.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), M.CategoricalCrossentropy)
    yield (one_hot(ids), probabilities,
           M.CategoricalAccuracy, lambda: M.TopKCategoricalAccuracy(2), lambda: M.F1Score("macro"), M.F1Score,
           lambda: M.FBetaScore("weighted", beta=2.0, threshold=0.3), lambda: M.FBetaScore("micro", beta=0.5),
           lambda: M.Precision(top_k=2), lambda: M.Recall(class_id=1, thresholds=[0.2, 0.3]),
           lambda: M.OneHotIoU(CLASSES, [0, 2]), lambda: M.OneHotMeanIoU(CLASSES))
    yield (ids, probabilities,
           M.SparseCategoricalAccuracy, lambda: M.SparseTopKCategoricalAccuracy(2), M.SparseCategoricalCrossentropy)
    near = ((ids + (bits[:, 0] > 0)) % CLASSES).astype(np.float32)
    yield (ids[:, None], near[:, None],
           lambda: M.MeanIoU(CLASSES), lambda: M.MeanIoU(CLASSES, ignore_class=1), lambda: M.IoU(CLASSES, [1, 3]))
    counts = [M.TruePositives, M.FalsePositives, M.TrueNegatives, M.FalseNegatives, M.Precision, M.Recall]
    at_three = [lambda cls=cls: cls(thresholds=[0.2, 0.5, 0.9]) for cls in counts]
    curves = [lambda curve=curve, method=method: M.AUC(37, curve, method) for curve in ("ROC", "PR", "PRGAIN")
              for method in ("interpolation", "minoring", "majoring")]
    yield (bits, scores[:, :1],
           *counts, *at_three, *curves, M.AUC, lambda: M.AUC(thresholds=[0.1, 0.4, 0.7]), lambda: M.AUC(from_logits=True),
           M.BinaryAccuracy, lambda: M.BinaryAccuracy(threshold=0.3), M.BinaryIoU, lambda: M.BinaryIoU([1], 0.3),
           lambda: M.SensitivityAtSpecificity(0.4), lambda: M.SpecificityAtSensitivity(0.6),
           lambda: M.PrecisionAtRecall(0.3), lambda: M.RecallAtPrecision(0.4, num_thresholds=1, class_id=0))
    yield (labels, scores,
           lambda: M.AUC(multi_label=True), lambda: M.AUC(31, "PR", multi_label=True, label_weights=[1.0, 2.0, 0.5, 1.5]),
           lambda: M.AUC(label_weights=[1.0, 2.0, 0.5, 1.5]))


class Metrics(harness.Case):
    def test_agree(self):
        for suite in suites():
            self.check(*suite)

    def test_none_is_left_out(self):
        tested = {type(make()).__name__ for _, _, *metrics in suites() for make in metrics}
        known = {cls.__name__ for cls in vars(M).values() if inspect.isclass(cls) and issubclass(cls, M.Metric)}
        self.assertEqual(known - OTHER - tested, set())

    def check(self, targets, predictions, *metrics):
        net = keras.Sequential([keras.Input(predictions.shape[1:]), L.Activation("linear")])
        groups = {kind: [make() for make in metrics] for kind in ("plain", "weighted")}
        for kind, group in groups.items():
            for i, metric in enumerate(group):
                metric.name = f"{kind}_{i}"
        loss = "sparse_categorical_crossentropy" if targets.ndim < predictions.ndim else "mean_squared_error"
        net.compile(keras.optimizers.SGD(0.0), loss, metrics=groups["plain"], weighted_metrics=groups["weighted"])
        net.save(f"{self.folder}/m.keras")
        weights = (np.arange(ROWS) % 3).astype(np.float32)
        np.savez(f"{self.folder}/d.npz", x=predictions, y=targets, sample_weight=weights)
        harness.lamina("train", f"{self.folder}/m.keras", "-d", f"{self.folder}/d.npz", "-o", f"{self.folder}/end.keras",
                       "--batch-size", BATCH, "--no-shuffle", "--json", f"{self.folder}/log.json")
        with open(f"{self.folder}/log.json") as log:
            got = json.load(log)["history"]
        for kind, i in ((kind, i) for kind in groups for i in range(len(metrics))):
            metric = metrics[i]()
            for first in range(0, ROWS, BATCH):
                rows = slice(first, first + BATCH)
                metric.update_state(targets[rows], predictions[rows], weights[rows] if kind == "weighted" else None)
            want = np.atleast_1d(np.asarray(metric.result(), np.float64))
            names = [f"{kind}_{i}"] if want.size == 1 else [f"{kind}_{i}_{j}" for j in range(want.size)]
            with self.subTest(metric=type(metric).__name__, config=metric.get_config(), kind=kind):
                np.testing.assert_allclose([got[name][0] for name in names], want, rtol=2e-5, atol=1e-6)
        if any(getattr(metric, "label_weights", None) is not None for metric in groups["plain"]):
            return  # Keras does not read them back from its own files either
        again = keras.saving.load_model(f"{self.folder}/end.keras")
        for key in ("metrics", "weighted_metrics"):
            self.assertEqual(again.get_compile_config()[key], net.get_compile_config()[key])


if __name__ == "__main__":
    harness.main()
