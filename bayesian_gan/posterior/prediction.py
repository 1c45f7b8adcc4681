"""What the discriminator samples say of images, each and on average."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf
from scipy.special import expit

from bayesian_gan.errors import InputError
from bayesian_gan.networks.outputs import probabilities, real_logit, split_outputs
from bayesian_gan.posterior.draws import RemovedError
from bayesian_gan.posterior.networks import DrawnNetworks


@dataclass(frozen=True, eq=False)
class MemberOutputs:
    """What the discriminator samples of one draw say of n images.

    Attributes:
        probabilities: P(y | x, real) of every sample, or P(real | x) where K = 1; float64 [M * J_d, n, K].
        log_z: log Z = log sum_k exp m_k of every sample, float64 [M * J_d, n]; of Wasserstein critics
            c(x), so that `p_fake` is then a score, the larger the less real.
    """

    probabilities: np.ndarray
    log_z: np.ndarray

    @property
    def p_fake(self) -> np.ndarray:
        """1 - P(real | x) = 1 / (1 + Z), [M * J_d, n]; where P(real) is all but 1, this keeps its digits."""
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
        """Yields, for each draw in order, what its samples say; see `predict` for the arguments."""
        images = self._checked(images)
        self.require_draws()
        found = False
        # As `partial` of its own: TensorFlow counts the tracings of one code together, and warns.
        forward = tf.function(partial(self._forward), reduce_retracing=True)
        for iteration in self.iterations:
            try:
                draw = self._read(iteration)
            except RemovedError:
                continue  # By the process that writes: it keeps the most recent draws only.
            found_probabilities, found_log_z = [], []
            for i in range(self.num_discriminators):
                self._assign("d", draw, i)
                parts = [
                    forward(images[k : k + batch_size]) for k in range(0, len(images), batch_size)
                ]
                p, log_z = (np.concatenate(part) for part in zip(*parts, strict=True))
                found_probabilities.append(p.astype(np.float64))
                found_log_z.append(log_z.astype(np.float64))
            found = True
            yield MemberOutputs(np.stack(found_probabilities), np.stack(found_log_z))
        if not found:
            raise InputError(
                f"{self.store}: every draw was removed for a newer one before it was read; try again, or give "
                "the run a larger --max_samples"
            )

    def _forward(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Probabilities and log Z of the network as it is."""
        outputs = self._discriminator(self._unit(images), training=False)
        return probabilities(split_outputs(outputs)[0]), real_logit(outputs)
