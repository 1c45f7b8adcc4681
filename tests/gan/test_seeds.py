"""One seed, one use: nothing that a step draws has the seed of anything else that it draws."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Wasserstein
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import Consistency, FeatureMatching, GradientPenalty, Term
from bayesian_gan.networks.noise import ActivationNoise
from bayesian_gan.networks.normalization import LayerNormalization
from bayesian_gan.samplers import SGHMC, stateless
from bayesian_gan.seeds import Use

# More than `LARGEST_EPOCH`: below it the steps of an epoch draw its permutation again.
NUM_DATA, DIM, CLASSES, STEPS = 4100, 6, 3, 3
# The key by which TensorFlow makes a key and a counter of a seed.
SCRAMBLE = 0x02461E293EC8F720


class Draws:
    """Keys of the random operations that ran, as (key, counter) of the generator.

    Attributes:
        numbers: of those whose numbers are used.
        seeds: of those that make seeds of a seed.
        others: names of operations that have no seed of ours.
    """

    def __init__(self) -> None:
        self.numbers: list[tuple[int, ...]] = []
        self.seeds: set[tuple[int, ...]] = set()
        self.others: list[str] = []

    def __call__(
        self, kind: Any, inputs: Sequence[Any], attrs: Any, outputs: Any, *_: Any, **__: Any
    ) -> None:
        kind = tf.compat.as_str(kind)
        if kind.startswith(("Random", "Multinomial", "ParameterizedTruncated")):
            self.others.append(kind)
        if not kind.startswith("StatelessRandom") or "Get" in kind:
            return
        key = (*inputs[1].numpy().tolist(), *inputs[2].numpy().tolist())
        if key[0] == SCRAMBLE:
            return
        shape = inputs[0].numpy().tolist()
        # `stateless_fold_in` draws one integer for each, and `split` draws pairs.
        if kind == "StatelessRandomUniformFullIntV2" and (shape == [] or shape[1:] == [2]):
            self.seeds.add(key)
        else:
            self.numbers.append(key)


@contextmanager
def recorded() -> Iterator[Draws]:
    """What runs eagerly inside."""
    draws = Draws()
    op_callbacks.add_op_callback(draws)
    tf.config.run_functions_eagerly(
        True
    )  # Draws are functions, whose operations would not be seen.
    try:
        yield draws
    finally:
        tf.config.run_functions_eagerly(False)
        op_callbacks.remove_op_callback(draws)


@keras.saving.register_keras_serializable("tests")
class Jitter(Term):
    """A term of one's own that draws two numbers."""

    metric = "jitter"

    def __call__(self, passes: Passes) -> tf.Tensor:
        """Their sum."""
        seeds = passes.seeds(self.metric, 2)
        return tf.add_n([tf.random.stateless_uniform((), seed) for seed in seeds])


def _networks() -> tuple[keras.Model, keras.Model]:
    """Networks with layers that draw, once and twice, at the top and inside of another model."""
    z = keras.Input((4,))
    x = ActivationNoise(0.1)(z)
    x = keras.Sequential([keras.layers.Dense(8), keras.layers.Dropout(0.5)])(x)
    twice = keras.layers.GaussianNoise(0.1)
    x = twice(twice(keras.layers.Dropout(0.1)(x)))
    generator = keras.Model(z, keras.layers.Dense(DIM)(x))
    images = keras.Input((DIM,))
    x = ActivationNoise(0.1)(images)
    x = LayerNormalization(negative_slope=0.2)(keras.layers.Dense(8)(x))
    x = keras.layers.Dropout(0.5)(ActivationNoise(0.2)(x))
    outputs = {
        "logits": keras.layers.Dense(CLASSES)(x),
        "features": x,
        "critic": keras.layers.Dense(1)(x),
    }
    return generator, keras.Model(images, outputs)


def _model(objective: Objective, terms: Sequence[Term], **others: Any) -> BayesianGAN:
    rng = np.random.default_rng(0)
    model = BayesianGAN(
        *_networks(),
        num_data=NUM_DATA,
        num_gen=4,
        num_disc=2,
        num_mcmc=2,
        objective=objective,
        terms=terms,
        seed=7,
        **others,
    )
    sampler = SGHMC(1e-4, NUM_DATA, seed=7)
    model.compile(sampler, sampler)
    images = rng.normal(size=(NUM_DATA, DIM)).astype(np.float32)
    model.hold(images, rng.integers(0, CLASSES, NUM_DATA), batch_size=4)
    return model


TERMS = [GradientPenalty(10.0), Consistency(1.0, ramp=1), Jitter(1.0)]
OTHERS: dict[str, Any] = {"scan": RandomScan(pairs=1), "noise": FallingNoise(0.5, 0, 2)}


@pytest.mark.parametrize(
    ("objective", "terms", "others", "twice"),
    [
        (Wasserstein(), TERMS, OTHERS, 0),
        # Each shard draws the whole minibatch to take its part: z, real and labelled images of a
        # chain; and whom each of two discriminators meets, which is the same for all.
        (Wasserstein(), TERMS, {**OTHERS, "shards": 2}, 3 + 2),
        (Wasserstein(), TERMS, {**OTHERS, "scan": RandomScan(2, 1)}, 0),
        # The halves of a step have the real and labelled images in common.
        (Wasserstein(order="generators_first"), TERMS, OTHERS, 2),
        (Authors(), [FeatureMatching(1.0)], {}, 0),
    ],
    ids=["everything", "shards", "random scan", "two halves", "authors"],
)
def test_no_two_draws_of_several_steps_have_one_seed(
    objective: Objective, terms: Sequence[Term], others: dict[str, Any], twice: int
) -> None:
    model = _model(objective, terms, **others)
    with recorded() as draws:
        for _ in range(STEPS):
            model.train_step(None)
    counts = Counter(draws.numbers)
    # At least what the layers draw in the generators' passes.
    assert len(counts) > STEPS * 2 * model.game.moving * 4
    again = [count for count in counts.values() if count > 1]
    assert again == [2] * (STEPS * 2 * twice)
    assert draws.seeds.isdisjoint(counts)
    assert draws.others == []


def test_a_draw_that_is_made_again_is_seen() -> None:
    seed = stateless.seed_pair((7, Use.Z, 0), tf.constant(3))
    with recorded() as draws:
        for _ in range(2):
            tf.random.stateless_uniform((5,), seed)
        tf.random.uniform((2,))
    assert Counter(draws.numbers).most_common(1)[0][1] == 2
    assert draws.others == ["RandomUniform"]


def test_initial_weights_of_all_networks_differ() -> None:
    model = _model(Wasserstein(), TERMS, **OTHERS)
    for networks in (model.generators, model.discriminators):
        kernels = [n.trainable_variables[0].numpy().tobytes() for n in networks]
        assert len(set(kernels)) == len(kernels)
