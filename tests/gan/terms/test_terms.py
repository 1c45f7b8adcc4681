"""What all terms have in common: arguments, needs, configurations, steps that the iteration decides."""

from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of
from taught import BATCH, model_with

from bayesian_gan.errors import InputError
from bayesian_gan.gan.energies import energies
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    GradientPenalty,
    Neighbours,
    Term,
)

STEP = tf.constant(30, tf.int64)
EVERY: list[Term] = [
    FeatureMatching(0.5, "mean"),
    GradientPenalty(2.0),
    Entropy(0.1),
    Consistency(1.0, 20, 0.9),
    ClassFrequencies(1.0),
    Neighbours(0.3, 20, 0.9, 0.5),
]


@keras.saving.register_keras_serializable("tests")
class Size(Term):
    """A term of one's own: the mean square of the logits."""

    metric = "size"

    def __call__(self, passes: Passes) -> tf.Tensor:
        """A scalar."""
        return tf.reduce_mean(tf.square(passes.logits))


def test_a_term_of_ones_own_needs_no_other_change(
    images: np.ndarray, labels: np.ndarray, tmp_path: Any
) -> None:
    plain = energies_of(model_with([], images, labels), (0,), STEP)
    model = model_with([Size(0.5)], images, labels)
    found = energies_of(model, (0,), STEP)
    size = float(found.terms["size"][0])
    assert size > 1e-3
    np.testing.assert_allclose(
        found.discriminators[0], plain.discriminators[0] + 0.5 * size, rtol=1e-5
    )
    history = model.fit(images, labels, batch_size=BATCH, steps_per_epoch=2, verbose=0).history
    assert np.isfinite(history["size"]).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.game.terms == (Size(0.5),)


@pytest.mark.parametrize("term", EVERY, ids=lambda term: type(term).__name__)
def test_a_term_is_its_configuration(term: Term) -> None:
    described = keras.saving.serialize_keras_object(term)
    again = keras.saving.deserialize_keras_object(described)
    assert again == term
    assert hash(again) == hash(term)
    assert again.get_config() == term.get_config()
    other = type(term)(**(term.get_config() | {"weight": 7.0}))
    assert other != term


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_step_with_noise_is_a_function_of_the_iteration(
    images: np.ndarray, labels: np.ndarray, noise: float
) -> None:
    model = model_with([Consistency(1.0), Entropy(0.1)], images, labels, noise)
    assert model.step is not None
    players = model.step.players((0,), STEP)
    first, again = (energies(model.game, players, STEP) for _ in range(2))
    np.testing.assert_array_equal(first.discriminators, again.discriminators)
    later = energies(model.game, players, STEP + 1)
    # The same minibatch: only noise can differ (and the consistency's ramp, which has no distance to weigh).
    changed = abs(float(later.terms["real"][0] - first.terms["real"][0])) > 1e-4
    assert changed == (noise > 0)


def test_a_run_in_two_parts_is_the_run_in_one(images: np.ndarray, labels: np.ndarray) -> None:
    terms = [t for t in EVERY if not t.needs_critic]
    whole, parts, other = (model_with(terms, images, labels, 0.3) for _ in range(3))
    whole.fit(images, labels, batch_size=BATCH, steps_per_epoch=6, verbose=0)
    parts.fit(images, labels, batch_size=BATCH, steps_per_epoch=4, verbose=0)
    other.set_weights(parts.get_weights())
    other.fit(images, labels, batch_size=BATCH, steps_per_epoch=2, verbose=0)
    for a, b in zip(whole.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Entropy(-1.0), "Entropy: weight must be a finite number at least 0, not -1.0"),
        (lambda: Consistency(float("nan")), "Consistency: weight must be a finite number"),
        (lambda: Consistency(1.0, ramp=-1), "Consistency: ramp must be a whole number at least 0"),
        (lambda: Consistency(1.0, ramp=1.5), "ramp must be a whole number at least 0, not 1.5"),  # type: ignore[arg-type]
        (lambda: Neighbours(1.0, decay=1.0), "decay must be a finite number at least 0 and less"),
        (lambda: Entropy("x"), "Entropy: weight must be a finite number at least 0, not 'x'"),  # type: ignore[arg-type]
        (lambda: Entropy(tf.constant(0.3)), "Entropy: weight must be a finite number"),
        (lambda: ClassFrequencies(float("inf")), "ClassFrequencies: weight"),
        (lambda: FeatureMatching(-0.5), "FeatureMatching: weight"),
        (
            lambda: GradientPenalty(0.0),
            "GradientPenalty: weight must be a finite number greater than 0",
        ),
    ],
)
def test_wrong_arguments_are_named(make: Callable[[], Term], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


class Nameless(Term):
    """A term without a metric."""


class Named(Term):
    """A term whose metric is another's."""

    metric = "real"


class Strange(Term):
    """A term of no player."""

    metric, player = "strange", "discriminators"  # type: ignore[assignment]


class Single(Term):
    """A term of the generators that has no value for each of them."""

    metric, player = "single", "generator"


@pytest.mark.parametrize(
    ("terms", "arguments", "message"),
    [
        ([Consistency(1.0)], {"num_classes": 1}, "Consistency needs labels"),
        ([ClassFrequencies(1.0)], {"num_classes": 1}, "ClassFrequencies needs labels"),
        ([ClassFrequencies(0.0)], {"num_classes": 1}, "ClassFrequencies needs labels"),
        ([Consistency(1.0), Neighbours(1.0, decay=0.5)], {}, "give them the same arguments"),
        ([Nameless(1.0)], {}, "Nameless: metric must be a name of its own, not ''"),
        ([Named(1.0)], {}, "Named: metric must be a name of its own, not 'real'"),
        ([Strange(1.0)], {}, "Strange: player must be one of"),
        ([Single(1.0)], {}, "Single: a term of the generators is of pairs"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    make_model: Callable[..., BayesianGAN],
    terms: Sequence[Term],
    arguments: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        make_model(terms=terms, **arguments)


@keras.saving.register_keras_serializable("tests")
class Shaped(Term):
    """A term of pairs, of either player, whose value may have another shape than it must."""

    metric, of_pairs = "shaped", True
    given: Any = None

    def __call__(self, passes: Passes) -> tf.Tensor:
        """Ones of a given shape; by default one for each generator met."""
        shape = [passes.fake_features.shape[0]] if self.given is None else self.given
        return tf.ones(shape)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_term_of_pairs_joins_the_energies_of_its_player(
    images: np.ndarray, labels: np.ndarray, player: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shaped, "player", player)
    plain, found = (
        energies_of(model_with(terms, images, labels, num_gen=2), (0,), STEP)
        for terms in ([], [Shaped(50.0)])
    )
    for name in ("generator", "discriminator"):
        moved = getattr(found, f"{name}s") - getattr(plain, f"{name}s")
        np.testing.assert_allclose(moved, 50.0 if name == player else 0.0, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(), (3,), (2, 1)])
def test_a_value_of_another_shape_is_refused(
    images: np.ndarray, labels: np.ndarray, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shaped, "given", shape)
    model = model_with([Shaped(1.0)], images, labels, num_gen=2)
    with pytest.raises(InputError, match=r"Shaped: its value has shape .* and must have \[2\]"):
        energies_of(model, (0,), STEP)


def test_what_a_model_was_made_of_does_not_change(make_model: Callable[..., BayesianGAN]) -> None:
    terms: list[Term] = [Entropy(0.1)]
    game = make_model(terms=terms).game
    terms.append(Consistency(1.0))
    assert game.terms == (Entropy(0.1),)
    for each, name in ((game.objective, "labelled_weight"), (game.terms[0], "weight")):
        with pytest.raises(FrozenInstanceError):
            setattr(each, name, 7.0)
