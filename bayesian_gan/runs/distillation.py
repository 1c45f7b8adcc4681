"""One student network in the place of S members.

Hinton et al. 2015, "Distilling the knowledge in a neural network"; of a posterior's average, Balan
et al. 2015, "Bayesian dark knowledge". The student has the architecture of a member, starts from
the last one, and learns the average's probabilities on the unlabelled images; no label is used.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.evaluation import classification
from bayesian_gan.export.average import looped_classify, stack
from bayesian_gan.export.networks import Networks
from bayesian_gan.networks.outputs import real_logit, split_outputs, symbolic_output

LEARNING_RATE = 1e-3
BATCH_SIZE = 128
FORWARD_BATCH = 500
STUDENT = "student"
TIMED_CALLS = 20


@dataclass(frozen=True)
class Quality:
    """How a classifier did on n test images, and what it costs.

    Attributes:
        members: networks that it averages.
        errors: number misclassified.
        n: number of test images.
        nll: negative log-likelihood of the true class, mean, in nats.
        ece: expected calibration error, in [0, 1].
        milliseconds_1: of a call with one image, the median of 20.
        milliseconds_500: with 500 images (or the whole test set, where it is smaller).
    """

    members: int
    errors: int
    n: int
    nll: float
    ece: float
    milliseconds_1: float
    milliseconds_500: float


def distill(networks: Networks, images: np.ndarray, epochs: int, seed: int) -> Networks:
    """The student of an average.

    Its loss is the cross-entropy of the average's class probabilities, plus that of its P(real |
    x), on which the scale of the logits depends; Adam, a step of 1e-3 that falls to 0 by a cosine,
    batches of 128. Batch statistics normalise while it trains.

    Args:
        networks: the members, K > 1.
        images: uint8 [N, H, W, C].
        epochs: passes over the images, at least 1.
        seed: of the batches' order.

    Returns:
        One network, named "student", of the same architecture.
    """
    probabilities, real = soft_labels(networks, images)
    network = networks.last().plain("float32").load(0)
    given = symbolic_output(network)
    real_column = keras.ops.expand_dims(real_logit(given), -1)
    outputs = {"classes": split_outputs(given)[0], "real": real_column}
    student = keras.Model(network.inputs, outputs)
    steps = epochs * math.ceil(len(images) / BATCH_SIZE)
    student.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        ),
        loss={
            "classes": keras.losses.CategoricalCrossentropy(from_logits=True),
            "real": keras.losses.BinaryCrossentropy(from_logits=True),
        },
    )
    student.fit(
        _Batches(images, probabilities, real, seed), epochs=epochs, verbose=0, shuffle=False
    )
    weights = tuple(np.asarray(weight) for weight in network.get_weights())
    return Networks(networks.network, (STUDENT,), (weights,))


def soft_labels(networks: Networks, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average's probabilities, float32 [n, K], and P(real | x), [n]."""
    classify = _compiled(networks)
    parts = [
        classify(tf.constant(images[k : k + FORWARD_BATCH]))
        for k in range(0, len(images), FORWARD_BATCH)
    ]
    probabilities, real = (
        np.concatenate([part[name].numpy() for part in parts]) for name in ("probabilities", "real")
    )
    return probabilities, real


def quality(networks: Networks, images: np.ndarray, labels: np.ndarray) -> Quality:
    """Scores the average of the members on test images."""
    probabilities, _ = soft_labels(networks, images)
    score = classification(probabilities, labels)
    classify = _compiled(networks)
    one, many = (_milliseconds(classify, tf.constant(images[:n])) for n in (1, FORWARD_BATCH))
    return Quality(len(networks), score.errors, score.n, score.nll, score.ece, one, many)


def _compiled(networks: Networks) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    plain = networks.plain(others=True)
    shape = plain.network.input_shape[1:]
    spec = tf.TensorSpec((None, *shape), tf.uint8 if len(shape) == 3 else tf.float32)
    return tf.function(looped_classify(plain.network, stack(plain)), input_signature=[spec])


def _milliseconds(function: Callable[[tf.Tensor], Any], images: tf.Tensor) -> float:
    """Median time of a call, after one that is not counted."""
    function(images)
    times = []
    for _ in range(TIMED_CALLS):
        begin = time.perf_counter()
        function(images)["probabilities"].numpy()
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) * 1000.0


class _Batches(keras.utils.PyDataset):
    """Batches in an order drawn anew for each epoch; images are read as they are drawn."""

    def __init__(
        self, images: np.ndarray, probabilities: np.ndarray, real: np.ndarray, seed: int
    ) -> None:
        super().__init__()
        self.images, self.probabilities, self.real = images, probabilities, real
        self.numbers = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """Batches of an epoch, the last partial one included."""
        return math.ceil(len(self.images) / BATCH_SIZE)

    def __getitem__(self, index: int) -> tuple[tf.Tensor, dict[str, np.ndarray]]:
        rows = np.sort(self.order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE])
        targets = {"classes": self.probabilities[rows], "real": self.real[rows, None]}
        return to_unit(self.images[rows]), targets

    def on_epoch_end(self) -> None:
        """Draws the next order."""
        self.order = self.numbers.permutation(len(self.images))
