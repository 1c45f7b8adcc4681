"""Pairs of random numbers, as tensors and as float64."""

import numpy as np
import tensorflow as tf

from bayesian_gan.gan.objectives import Pairs

D, G = 2, 3


def random_pairs() -> tuple[Pairs, dict[str, np.ndarray]]:
    """Values of two discriminators and three generators; `term_d` and `term_g` are of terms of pairs."""
    rng = np.random.default_rng(0)
    shapes = {"real": (D,), "labelled": (D,)} | dict.fromkeys(
        ("fake", "adversarial", "term_d", "term_g"), (D, G)
    )
    arrays = {name: rng.random(shape) for name, shape in shapes.items()}
    tensors = {name: tf.constant(a, tf.float32) for name, a in arrays.items()}
    terms = {"terms_d": [tensors.pop("term_d")], "terms_g": [tensors.pop("term_g")]}
    return Pairs(**tensors, **terms), arrays
