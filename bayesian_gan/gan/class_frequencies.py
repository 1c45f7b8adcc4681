"""How often classes are expected among unlabelled images, and whether that fits the data."""

from collections.abc import Sequence

import numpy as np

# MNIST's classes are 0.02 from equal frequencies, SVHN's about 0.15.
TOLERATED_VARIATION = 0.05


def expected_frequencies(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """pi_k = (n_k + 1) / (N_s + K), float64 [K], of N_s labels of which n_k are k.

    Laplace's rule of succession: a class that no label has is not held to be impossible.

    Args:
        labels: integers in 0..K-1, [N_s].
        num_classes: K.
    """
    counts = np.bincount(labels, minlength=num_classes)
    return (counts + 1) / (len(labels) + num_classes)


def misfit(labels: np.ndarray, of_all: np.ndarray, class_names: Sequence[str]) -> str | None:
    """One line that says that classes are not as frequent as the labels have them; None where they are.

    They are where the total variation distance, half the sum of |pi_k - f_k|, is at most `TOLERATED_VARIATION`.

    Args:
        labels: of the labelled examples, integers in 0..K-1.
        of_all: of all training examples, f_k of which are k.
        class_names: K names.
    """
    pi = expected_frequencies(labels, len(class_names))
    f = np.bincount(of_all, minlength=len(class_names)) / len(of_all)
    if 0.5 * np.abs(pi - f).sum() <= TOLERATED_VARIATION:
        return None
    k = int(np.argmax(np.abs(pi - f)))
    return (
        f"class {class_names[k]} is {pi[k]:.1%} of the labels and {f[k]:.1%} of all: --class_frequencies draws "
        "predictions to the former, which costs accuracy; set it to 0 (as --preset laptop has it)"
    )
