"""CollectPosterior of a Bayesian GAN: into a folder or memory, going on, and what it gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from bayesian_gan import CollectPosterior, Posterior
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.samplers import SGHMC

Make = Callable[[], BayesianGAN]
Fit = Callable[..., None]


@pytest.fixture(scope="module")
def make(make_model: Callable[..., BayesianGAN]) -> Make:
    """Two chains of two generators and two discriminators, compiled with samplers."""

    def made() -> BayesianGAN:
        model = make_model(num_disc=2)
        # A few eager iterations cost less than tracing one.
        model.compile(SGHMC(0.01, 96, seed=1), SGHMC(0.01, 96, seed=2), run_eagerly=True)
        return model

    return made


@pytest.fixture(scope="module")
def fit(images: np.ndarray, labels: np.ndarray) -> Fit:
    """So many iterations."""

    def fitted(model: BayesianGAN, iterations: int, *callbacks: Any) -> None:
        given: dict[str, Any] = {"batch_size": 8, "verbose": 0, "callbacks": list(callbacks)}
        model.fit(images, labels, steps_per_epoch=iterations, **given)

    return fitted


@pytest.fixture(scope="module")
def both(make: Make, fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model that made 8 iterations, and collectors of it in memory and in a folder."""
    model, path = make(), tmp_path_factory.mktemp("collected") / "posterior"
    in_memory, in_folder = (CollectPosterior(2, 3, at) for at in (None, path))
    fit(model, 8, in_memory, in_folder)
    return model, in_memory, in_folder


def test_the_folder_is_the_posterior_s(both: Any, images: np.ndarray) -> None:
    model, in_memory, in_folder = both
    posterior = Posterior(in_folder.path)
    assert posterior.iterations == in_memory.iterations == in_folder.iterations == [2, 5, 8]
    assert len(in_memory) == 3
    assert sorted(path.name for path in in_folder.path.iterdir()) == [
        *(f"draw_{iteration:08d}.npz" for iteration in (2, 5, 8)),
        "posterior.json",
    ]
    assert posterior.check() == dict.fromkeys([2, 5, 8])
    held, found = in_memory.samples(), in_folder.samples()
    assert set(held) == set(found)
    for name, array in held.items():
        np.testing.assert_array_equal(array, found[name])
    np.testing.assert_array_equal(held["g_0003_00"][2], model.generators[3].get_weights()[0])
    np.testing.assert_array_equal(in_memory.predict(images), posterior.predict(images))


def test_members_are_of_every_draw_and_discriminator(both: Any, images: np.ndarray) -> None:
    model, in_memory, _ = both
    members = in_memory.member_predictions(images[:6])
    assert members.shape == (12, 6, 3)
    for i in range(4):  # The model has the weights of the last draw.
        expected = model.predict_sample(images[:6], i)
        np.testing.assert_allclose(members[8 + i], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(in_memory.predict(images[:6]), members.mean(0), rtol=1e-6)
    batches = (images[k : k + 2] for k in (0, 2, 4))
    np.testing.assert_allclose(in_memory.member_predictions(batches), members, rtol=1e-4)


def test_generated_images_are_of_all_generators_of_all_draws(both: Any) -> None:
    _, in_memory, in_folder = both
    images = in_memory.generate(24, seed=3)
    assert images.shape == (24, 8, 8, 1)
    posterior = in_folder.posterior
    expected, owners = posterior.generate_mixture(24, seed=3, iterations=[2, 5, 8])
    np.testing.assert_array_equal(np.bincount(owners), [6, 6, 6, 6])
    np.testing.assert_allclose(images, expected, atol=1e-6)
    assert np.abs(in_memory.generate(24, seed=4) - images).max() > 1e-3


def test_arviz_has_the_chains(both: Any) -> None:
    pytest.importorskip("arviz", reason="ArviZ is optional")
    _, in_memory, in_folder = both
    data = in_memory.to_inference_data()
    assert data.posterior["norm_of_generators"].shape == (2, 3)
    with pytest.raises(
        ValueError, match=r"^`others`: the chains of this model are in its posterior"
    ):
        in_memory.to_inference_data(in_folder)


def test_a_posterior_in_memory_has_no_folder(both: Any) -> None:
    _, in_memory, _ = both
    posterior = in_memory.posterior
    assert isinstance(posterior, Posterior)
    assert posterior.check() == dict.fromkeys([2, 5, 8])
    assert posterior.set_aside_damaged() == []
    found = posterior.member_weights("generator", 1)
    assert found is not None
    assert found[0] == 8
    with pytest.raises(InputError, match="in memory: it has no folder; collect with a path"):
        _ = posterior.path
    with pytest.raises(InputError, match="in memory: no draw of iteration 7"):
        posterior.generate(1, sample=0, iteration=7)


@pytest.mark.parametrize(("keep", "in_folder"), [("recent", False), ("reservoir", True)])
def test_interrupted_and_resumed_is_uninterrupted(
    both: Any, make: Make, fit: Fit, keep: str, in_folder: bool, tmp_path: Path
) -> None:
    model = make()
    plan: dict[str, Any] = {"max_samples": 2, "keep": keep, "seed": 4}
    collector = CollectPosterior(2, 3, tmp_path / "p" if in_folder else None, **plan)
    fit(model, 3, collector)
    if in_folder:  # As another process would.
        collector = CollectPosterior(2, 3, tmp_path / "p", **plan)
    fit(model, 5, collector)
    _, whole, _ = both
    kept = collector.kept.beyond([2, 5, 8])
    assert collector.iterations == [i for i in [2, 5, 8] if i not in kept]
    expected = whole.samples()
    for name, array in collector.samples().items():
        rows = [[2, 5, 8].index(iteration) for iteration in collector.iterations]
        np.testing.assert_array_equal(array, expected[name][rows])


def test_draws_beyond_the_model_are_forgotten(make: Make, fit: Fit) -> None:
    model, collector = make(), CollectPosterior(2, 3)
    fit(model, 8, collector)
    model.iteration.assign(4)
    with pytest.warns(UserWarning, match="at iteration 4: forgot 2 samples beyond it"):
        fit(model, 1, collector)
    assert collector.iterations == [2, 5]


def test_what_does_not_fit_is_refused(
    both: Any, make: Make, fit: Fit, make_model: Callable[..., BayesianGAN], tmp_path: Path
) -> None:
    _, in_memory, in_folder = both
    with pytest.raises(ValueError, match="holds samples of another model: give each model its own"):
        fit(make(), 1, in_memory)
    other = make_model()
    other.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    with pytest.raises(InputError, match=r"posterior\.json: describes another model than this one"):
        fit(other, 1, CollectPosterior(2, 3, in_folder.path))
    with pytest.raises(InputError, match=r"has max_samples 100, not 5; collect with the same, or"):
        fit(make(), 1, CollectPosterior(2, 3, in_folder.path, max_samples=5))
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="not empty"):
        fit(make(), 1, CollectPosterior(2, 3, tmp_path))
    with pytest.raises(
        ValueError, match=r"^`activation` is for a model that gives no probabilities"
    ):
        fit(make(), 1, CollectPosterior(2, 3, activation="softmax"))
    with pytest.raises(InputError, match="no posterior here"):
        Posterior(tmp_path)
