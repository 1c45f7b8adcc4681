"""How much noise minibatches bring into a step, beside that which the friction asks for."""

from collections.abc import Sequence

import numpy as np

from bayesian_gan.samplers.temperatures import each


def gradient_noise_ratio(
    gradient_variance: Sequence[np.ndarray],
    learning_rate: float,
    num_data: float,
    *,
    friction: float = 1.0,
    inverse_mass: float | Sequence[np.ndarray | float] = 1.0,
    temperature: float = 1.0,
) -> float:
    """Variance that minibatch noise brings into a step, beside that which friction asks for.

    learning_rate^2 V / m / (2 alpha T learning_rate / N): above 1, no sampler can have the
    temperature T at this step and friction; well below 1, the minibatch noise can be ignored.

    Args:
        gradient_variance: variance of the minibatch gradient of U/N, one array for each variable.
        learning_rate: at that time.
        num_data: N.
        friction: alpha; 1 for SGLD.
        inverse_mass: 1 / m, a number or one (number or array) for each variable.
        temperature: T > 0.

    Returns:
        The ratio, its mean over all weights.
    """
    inverse = each(inverse_mass, len(gradient_variance))
    values = np.concatenate(
        [
            np.ravel(np.asarray(v, np.float64) * m)
            for v, m in zip(gradient_variance, inverse, strict=True)
        ]
    )
    return float(values.mean() * learning_rate * num_data / (2.0 * friction * temperature))
