"""What the discriminator samples say of images, each and on average."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.special import expit

from bayesian_gan.errors import InputError
from bayesian_gan.networks.outputs import probabilities, real_logit, split_outputs
from bayesian_gan.posterior.draws import RemovedError
from bayesian_gan.posterior.networks import DrawnNetworks


@dataclass(frozen=True, eq=False)
class MemberOutputs:
    """What S discriminator samples say of n images.

    Attributes:
        probabilities: P(y | x, real) of every sample, or P(real | x) where K = 1; float64 [S, n, K].
        log_z: log Z = log sum_k exp m_k of every sample, float64 [S, n]; of Wasserstein critics
            c(x), so that `p_fake` is then a score, the larger the less real.
        features: of every sample, float32 [S, n, F]: the layer before the logits, or the logits of
            a discriminator without one. None where they were not asked for.
    """

    probabilities: np.ndarray
    log_z: np.ndarray
    features: np.ndarray | None = None

    @property
    def p_fake(self) -> np.ndarray:
        """1 - P(real | x) = 1 / (1 + Z), [S, n]; where P(real) is all but 1, this keeps its digits."""
        return expit(-self.log_z)


class Predicting(DrawnNetworks):
    """Draws that predict."""

    def predict(self, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
        """Probabilities averaged over every collected discriminator sample.

        P(y | x) = mean over samples of softmax(m(x))_y: the predictive distribution of the paper. With K = 1,
        the mean of P(real | x), or of a Wasserstein critic's score (`networks.outputs.probabilities`).

        Args:
            images: uint8, or floats of `input_range`, [n, height, width, channels].
            batch_size: images in one forward pass; the result does not depend on it.

        Returns:
            float64 [n, K].

        Raises:
            InputError: nothing is collected yet, or the images do not fit.
        """
        total, count = np.zeros(()), 0
        for members in self.member_probabilities(images, batch_size):
            total, count = total + members.sum(axis=0), count + len(members)
        return total / count

    def member_probabilities(
        self, images: np.ndarray, batch_size: int = 500
    ) -> Iterator[np.ndarray]:
        """Yields, for each draw in order, float64 [M * J_d, n, K]: every sample's probabilities."""
        return (outputs.probabilities for outputs in self.member_outputs(images, batch_size))

    def member_outputs(self, images: np.ndarray, batch_size: int = 500) -> Iterator[MemberOutputs]:
        """Yields, for each draw in order, what its M * J_d samples say; see `predict` for the arguments.

        One draw is in memory at a time, and what it says of all images.
        """
        images = self._checked(images)
        for draw in self._whole_draws():
            stacked = self._stacked([draw])
            parts = [
                self._said(images[k : k + batch_size], stacked)
                for k in range(0, len(images), batch_size)
            ]
            yield MemberOutputs(
                np.concatenate([part.probabilities for part in parts], axis=1),
                np.concatenate([part.log_z for part in parts], axis=1),
            )

    def all_samples(self, features: bool = False) -> Callable[[np.ndarray], MemberOutputs]:
        """What all samples of all draws say, as a function of a batch of images.

        Their weights are read once, and in memory together: a stream of batches of any length
        passes. Samples come draw by draw, of a draw chain by chain: [draws * M * J_d, ...]. The
        function takes images as `predict` does.

        Args:
            features: whether the outputs hold features.

        Raises:
            InputError: nothing is collected yet; of the function, the images do not fit.
        """
        stacked = self._stacked(list(self._whole_draws()))
        return lambda images: self._said(self._checked(images), stacked, features)

    def _whole_draws(self) -> Iterator[dict[str, np.ndarray]]:
        """Every draw in order, but those that a run removes meanwhile: it keeps the most recent only."""
        self.require_draws()
        found = False
        for iteration in self.iterations:
            try:
                draw = self._read(iteration)
            except RemovedError:
                continue
            found = True
            yield draw
        if not found:
            raise InputError(
                f"{self.store}: every draw was removed for a newer one before it was read; try again, or give "
                "the run a larger --max_samples"
            )

    def _stacked(self, draws: Sequence[dict[str, np.ndarray]]) -> list[tf.Tensor]:
        """The discriminators of some draws: for each weight of the network, all samples' [S, ...]."""
        samples = [
            self._fitting("d", draw, i) for draw in draws for i in range(self.num_discriminators)
        ]
        return [tf.constant(np.stack(weights)) for weights in zip(*samples, strict=True)]

    def _said(
        self, images: np.ndarray, stacked: list[tf.Tensor], features: bool = False
    ) -> MemberOutputs:
        """What samples of stacked weights say of checked images, in one forward pass of each."""
        key = images.dtype.name, features
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = self._traced(*key, stacked)
        p, log_z, *rest = function(tf.constant(images), *stacked)
        return MemberOutputs(
            p.numpy().astype(np.float64),
            log_z.numpy().astype(np.float64),
            rest[0].numpy() if rest else None,
        )

    @cached_property
    def _functions(self) -> dict[tuple[str, bool], Any]:
        """The traced function for each type of images: it serves any number of them, and of samples."""
        return {}

    def _traced(self, dtype: str, features: bool, stacked: list[tf.Tensor]) -> Any:
        """Images and stacked weights to probabilities [S, n, K], log Z [S, n], and features [S, n, F]."""

        def forward(images: tf.Tensor, *stacked: tf.Tensor) -> tuple[tf.Tensor, ...]:
            unit = self._unit(images)

            def member(i: tf.Tensor) -> tuple[tf.Tensor, ...]:
                weights = [weight[i] for weight in stacked]
                pairs = zip(self._discriminator.weights, weights, strict=True)
                with keras.StatelessScope(list(pairs)):
                    outputs = self._discriminator(unit, training=False)
                logits, activations = split_outputs(outputs)
                found = probabilities(logits), real_logit(outputs)
                return (*found, activations) if features else found

            # A loop's graph is as large as that of one network. Two samples' activations are in
            # memory at a time: one alone leaves a core idle between its operations.
            return tf.map_fn(
                member,
                tf.range(tf.shape(stacked[0])[0]),
                fn_output_signature=(tf.float32,) * (3 if features else 2),
                parallel_iterations=2,
            )

        shape = self._discriminator.input_shape[1:]
        signature = [tf.TensorSpec((None, *shape), dtype)]
        signature += [tf.TensorSpec((None, *weight.shape[1:]), weight.dtype) for weight in stacked]
        return tf.function(forward).get_concrete_function(*signature)
