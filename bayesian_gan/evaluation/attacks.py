"""Adversarial examples: images within epsilon of given ones that a classifier gets wrong.

Images are float32 in [0, 1], distances the largest difference of any pixel (L-infinity). Both
attacks climb the negative log-likelihood of the true class, which they are told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayesian_gan.errors import InputError

# Step size times steps, in epsilons: the far side of the ball can be reached from any start.
REACH = 2.5

# Images [n, ...] in [0, 1] and their classes [n] to the gradient of the NLL of each, [n, ...].
Gradient = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class FGSM:
    """The fast gradient sign method of one strength, see `fgsm`.

    Attributes:
        epsilon: in (0, 1].

    Raises:
        InputError: it is not.
    """

    epsilon: float
    name: ClassVar[str] = "fgsm"

    def __post_init__(self) -> None:
        _check_epsilon(self.epsilon)

    def __call__(self, gradient: Gradient, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The attacked images; see `fgsm`."""
        return fgsm(gradient, images, labels, self.epsilon)


@dataclass(frozen=True)
class PGD:
    """Projected gradient descent of one strength, see `pgd`.

    Attributes:
        epsilon: in (0, 1].
        steps: at least 1.
        seed: of the start, at least 0.

    Raises:
        InputError: epsilon or steps out of range.
    """

    epsilon: float
    steps: int
    seed: int
    name: ClassVar[str] = "pgd"

    def __post_init__(self) -> None:
        _check_epsilon(self.epsilon)
        if self.steps < 1:
            raise InputError(f"{self.steps} steps of pgd: give at least 1")

    def __call__(self, gradient: Gradient, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The attacked images; see `pgd`."""
        return pgd(gradient, images, labels, self.epsilon, self.steps, self.seed)


Attack = FGSM | PGD


def _check_epsilon(epsilon: float) -> None:
    if not 0.0 < epsilon <= 1.0:
        raise InputError(f"epsilon {epsilon:g}: give one in (0, 1]; black is 0 and white 1")


def fgsm(gradient: Gradient, images: np.ndarray, labels: np.ndarray, epsilon: float) -> np.ndarray:
    """The fast gradient sign method, clip(x + epsilon sign(grad NLL(x))), of Goodfellow et al. 2015.

    A pixel whose gradient is 0 stays.

    Args:
        gradient: see `Gradient`.
        images: float32 [n, ...] in [0, 1].
        labels: integers [n].
        epsilon: in (0, 1].
    """
    return _within(images + _step(epsilon, gradient(images, labels)), images, epsilon)


def pgd(
    gradient: Gradient,
    images: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    steps: int,
    seed: int,
) -> np.ndarray:
    """Projected gradient descent of Madry et al. 2018, on the negative loss.

    It starts at x + U(-epsilon, epsilon), moves each pixel by 2.5 epsilon / steps along the sign of
    the gradient, `steps` times, and goes back to the ball and to [0, 1] after each move. The start
    of an image depends on the seed, its place and the shape alone: it is the same for whatever is
    attacked, and grows with epsilon.

    Args:
        gradient: see `Gradient`.
        images: float32 [n, ...] in [0, 1].
        labels: integers [n].
        epsilon: in (0, 1].
        steps: at least 1.
        seed: of the start.
    """
    start = np.random.default_rng(seed).uniform(-epsilon, epsilon, images.shape)
    attacked = _within(images + start.astype(np.float32), images, epsilon)
    for _ in range(steps):
        moved = attacked + _step(REACH * epsilon / steps, gradient(attacked, labels))
        attacked = _within(moved, images, epsilon)
    return attacked


def _step(size: float, gradient: np.ndarray) -> np.ndarray:
    return np.float32(size) * np.sign(gradient)


def _within(attacked: np.ndarray, images: np.ndarray, epsilon: float) -> np.ndarray:
    """The nearest images in the ball around the given ones and in [0, 1]."""
    size = np.float32(epsilon)
    return np.clip(np.clip(attacked, images - size, images + size), 0.0, 1.0)
