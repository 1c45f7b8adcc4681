"""Whether the classes of a training set are as frequent as its labels have them."""

from collections.abc import Sequence

import numpy as np

from bayesian_gan.gan.terms.class_frequencies import expected_frequencies

# MNIST's classes are 0.02 from equal frequencies, SVHN's about 0.15.
TOLERATED_VARIATION = 0.05


def misfit(labels: np.ndarray, of_all: np.ndarray, class_names: Sequence[str]) -> str | None:
    """One line that says that classes are not as frequent as the labels have them; None where they are.

    They are where the total variation distance, half the sum of |pi_k - f_k|, is at most `TOLERATED_VARIATION`.

    Args:
        labels: of the labelled examples, integers in 0..K-1.
        of_all: of all training examples, f_k of which are k.
        class_names: K names.
    """
    counts = np.bincount(labels, minlength=len(class_names)).astype(np.float64)
    pi = expected_frequencies(counts).numpy()
    f = np.bincount(of_all, minlength=len(class_names)) / len(of_all)
    if 0.5 * np.abs(pi - f).sum() <= TOLERATED_VARIATION:
        return None
    k = int(np.argmax(np.abs(pi - f)))
    return (
        f"class {class_names[k]} is {pi[k]:.1%} of the labels and {f[k]:.1%} of all: --class_frequencies draws "
        "predictions to the former, which costs accuracy; set it to 0 (as --preset laptop has it)"
    )
