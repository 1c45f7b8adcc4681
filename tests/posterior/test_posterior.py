"""The folder of draws: its average, its bound, and what a broken one says."""

import errno
import hashlib
import json
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from bayesian_gan import storage
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior
from bayesian_gan.samplers import CollectPosterior
from bayesian_gan.storage import read_arrays, write_arrays, write_checked_json

MakeModel = Callable[..., BayesianGAN]

# Logits of these networks reach about ten, which float32 holds to 1e-6, and sums are in another order.
ROUNDING = 2e-5


def _perturb(model: BayesianGAN, seed: int) -> None:
    """Weights large enough that softmax is far from linear, and an iteration."""
    rng = np.random.default_rng(seed)
    for network in model.discriminators + model.generators:
        network.set_weights(
            [np.abs(w) + 0.12 * np.abs(rng.standard_normal(w.shape)) for w in network.get_weights()]
        )
    model.iteration.assign(1000 * (seed + 1))


@pytest.fixture
def collected(
    make_model: MakeModel, tmp_path: Path, images: np.ndarray
) -> tuple[Posterior, BayesianGAN, np.ndarray]:
    """A posterior of three draws of a model, and the softmax of every member, computed with NumPy."""
    model = make_model(num_disc=2)
    posterior = Posterior.create(tmp_path / "posterior", model)
    members = []
    for seed in range(3):
        _perturb(model, seed)
        posterior.collect(model)
        for network in model.discriminators:
            logits = network(images / 127.5 - 1.0)["logits"].numpy().astype(np.float64)
            e = np.exp(logits - logits.max(-1, keepdims=True))
            members.append(e / e.sum(-1, keepdims=True))
    return posterior, model, np.stack(members)


def test_average_is_the_mean_of_the_members_softmax(
    collected: tuple[Posterior, BayesianGAN, np.ndarray], images: np.ndarray
) -> None:
    posterior, _, members = collected
    assert posterior.iterations == [1000, 2000, 3000]
    assert posterior.num_samples == len(members) == 12
    # The members disagree, so a mean of logits would be another number.
    assert members.std(0).max() > 0.1
    np.testing.assert_allclose(posterior.predict(images), members.mean(0), atol=ROUNDING)
    # The whole set counts, the last partial batch included, and the batch size does not matter.
    np.testing.assert_allclose(
        posterior.predict(images, batch_size=7), members.mean(0), atol=ROUNDING
    )
    draws = np.concatenate(list(posterior.member_probabilities(images)))
    np.testing.assert_allclose(draws, members, atol=ROUNDING)


def test_another_process_reads_the_same(
    collected: tuple[Posterior, BayesianGAN, np.ndarray], images: np.ndarray
) -> None:
    posterior, model, _ = collected
    again = Posterior(posterior.path)
    np.testing.assert_array_equal(again.predict(images), posterior.predict(images))
    # The last draw is the model as it is.
    np.testing.assert_allclose(
        again.generate(5, sample=3, seed=4), model.generate(5, sample=3, seed=4), atol=1e-6
    )
    earlier = again.generate(5, sample=3, seed=4, iteration=1000)
    assert np.abs(earlier - again.generate(5, sample=3, seed=4)).max() > 1e-3


def test_images_do_not_depend_on_their_batch(make_model: MakeModel) -> None:
    model = make_model()
    _perturb(model, 0)
    np.testing.assert_allclose(
        model.generate(3, sample=0, seed=1)[0], model.generate(1, sample=0, seed=1)[0], atol=1e-6
    )


def test_keeps_the_most_recent_draws(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model()
    posterior = Posterior.create(tmp_path / "p", model, max_samples=2)
    for seed in range(4):
        _perturb(model, seed)
        posterior.collect(model)
    assert posterior.iterations == [3000, 4000]
    assert sorted(p.name for p in posterior.path.iterdir()) == [
        "draw_00003000.npz",
        "draw_00004000.npz",
        "posterior.json",
    ]


@pytest.mark.parametrize(
    ("together", "warm_up", "every", "expected"),
    [
        (2, 4, 4, [8, 12]),
        (5, 3, 7, [10, 20, 25, 35]),
        pytest.param(5, 0, 5, [5, 10, 15, 20, 25, 30, 35], marks=pytest.mark.slow),
    ],
)
def test_every_draw_is_collected_where_it_is_due_or_at_the_end_of_its_call(
    make_model: MakeModel,
    tmp_path: Path,
    images: np.ndarray,
    labels: np.ndarray,
    together: int,
    warm_up: int,
    every: int,
    expected: list[int],
) -> None:
    model = make_model()
    optimizers = keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0)
    model.compile(*optimizers, steps_per_execution=together)
    collect = CollectPosterior(warm_up + every, every, tmp_path / "p")
    for steps in (6, 8) if together == 2 else (10, 25):  # the second `fit` goes on
        model.fit(
            images, labels, batch_size=8, steps_per_epoch=steps, verbose=0, callbacks=[collect]
        )
    assert collect.iterations == Posterior(tmp_path / "p").iterations == expected


def test_two_draws_in_one_call_are_refused(
    make_model: MakeModel, tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model()
    optimizers = keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0)
    model.compile(*optimizers, steps_per_execution=5)
    collect = CollectPosterior(4, 4, tmp_path / "p")
    with pytest.raises(ValueError, match=r"`thinning` is 4, but the model makes 5 .* at least 5"):
        model.fit(images, labels, batch_size=8, steps_per_epoch=5, verbose=0, callbacks=[collect])


def test_what_cannot_be_read_is_refused(
    collected: tuple[Posterior, BayesianGAN, np.ndarray],
    make_model: MakeModel,
    tmp_path: Path,
    images: np.ndarray,
) -> None:
    posterior, model, _ = collected
    with pytest.raises(InputError, match="no posterior here"):
        Posterior(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not empty"):
        Posterior.create(posterior.path, model)
    with pytest.raises(InputError, match="max_samples"):
        Posterior.create(tmp_path / "other", model, max_samples=0)
    empty = Posterior.create(tmp_path / "empty", model)
    with pytest.raises(InputError, match="no sample is collected"):
        empty.predict(images)
    with pytest.raises(InputError, match="no generator 4"):
        posterior.generate(1, sample=4)
    with pytest.raises(InputError, match="no draw of iteration 7"):
        posterior.generate(1, sample=0, iteration=7)
    with pytest.raises(InputError, match="shape"):
        posterior.predict(images[:, :4])
    draw = posterior.path / "draw_00002000.npz"
    whole = draw.read_bytes()
    draw.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"draw_00002000\.npz: this draw cannot be read"):
        posterior.predict(images)
    np.savez(draw, d_0000_00=np.zeros(3))
    with pytest.raises(InputError, match="checksum"):
        posterior.predict(images)
    write_arrays(draw, {"d_0000_00": np.zeros(3)}, {"iteration": 2000})
    with pytest.raises(InputError, match="another model"):
        posterior.predict(images)
    draw.write_bytes((posterior.path / "draw_00003000.npz").read_bytes())
    with pytest.raises(InputError, match="holds the draw of iteration 3000"):
        posterior.predict(images)
    config = json.loads((posterior.path / "posterior.json").read_text())
    (posterior.path / "posterior.json").write_text(json.dumps(config | {"num_gen": 1}))
    with pytest.raises(InputError, match="checksum"):
        Posterior(posterior.path)
    del config["sha256"]
    write_checked_json(posterior.path / "posterior.json", config | {"format": 99})
    with pytest.raises(InputError, match="format"):
        Posterior(posterior.path)


def test_a_draw_with_pickles_is_not_executed(
    collected: tuple[Posterior, BayesianGAN, np.ndarray], images: np.ndarray
) -> None:
    posterior, _, _ = collected
    draw = posterior.path / "draw_00001000.npz"
    np.savez(draw, d_0000_00=np.array([{"a": 1}], dtype=object))
    # With a right checksum, as one who means harm would write it.
    with zipfile.ZipFile(draw, "a") as archive:
        archive.writestr("manifest.json", '{"iteration": 1000}')
    bytes_before = draw.read_bytes()[:-2] + (71).to_bytes(2, "little")
    draw.write_bytes(bytes_before + b"sha256:" + hashlib.sha256(bytes_before).hexdigest().encode())
    with pytest.raises(InputError, match="Object arrays cannot be loaded"):
        read_arrays(draw)
    with pytest.raises(InputError, match="cannot be read"):
        posterior.predict(images)


def test_check_names_every_damaged_draw(
    collected: tuple[Posterior, BayesianGAN, np.ndarray],
) -> None:
    posterior, _, _ = collected
    assert posterior.check() == dict.fromkeys([1000, 2000, 3000])
    paths = [posterior.path / f"draw_0000{n}000.npz" for n in (1, 2, 3)]
    data = bytearray(paths[0].read_bytes())
    data[len(data) // 2] ^= 1
    paths[0].write_bytes(data)
    paths[1].write_bytes(paths[2].read_bytes())
    arrays, manifest = read_arrays(paths[2])
    arrays["d_0001_00"][0] = np.nan
    write_arrays(paths[2], arrays, manifest)
    found = [str(problem) for problem in posterior.check().values()]
    assert "checksum" in found[0]
    assert "holds the draw of iteration 3000" in found[1]
    assert "d_0001_00 holds numbers that are not finite" in found[2]


def test_a_members_last_weights_are_its_own(
    collected: tuple[Posterior, BayesianGAN, np.ndarray],
) -> None:
    posterior, model, _ = collected
    for player, networks in (
        ("generator", model.generators),
        ("discriminator", model.discriminators),
    ):
        for member, network in enumerate(networks):
            found = posterior.member_weights(player, member)
            assert found is not None
            assert found[0] == 3000
            for weight, expected in zip(found[1], network.get_weights(), strict=True):
                np.testing.assert_array_equal(weight, expected)
    # The last one that is whole.
    draw = posterior.path / "draw_00003000.npz"
    draw.write_bytes(draw.read_bytes()[:-1])
    found = posterior.member_weights("generator", 1)
    assert found is not None
    assert found[0] == 2000


def test_more_than_a_hundred_weights_keep_their_order(tmp_path: Path) -> None:
    layers = [keras.layers.LayerNormalization() for _ in range(55)]
    model = BayesianGAN(
        keras.Sequential([keras.Input((4,)), *layers]),
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]),
        num_data=10,
        terms=[],
    )
    network = model.generators[0]
    assert len(network.weights) == 110
    network.set_weights([np.full(4, k, np.float32) for k in range(110)])
    posterior = Posterior.create(tmp_path / "p", model)
    posterior.collect(model)
    found = posterior.member_weights("generator", 0)
    assert found is not None
    assert [weight[0] for weight in found[1]] == list(range(110))


def test_damaged_draws_are_set_aside_and_others_stay(
    collected: tuple[Posterior, BayesianGAN, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior, _, _ = collected
    assert posterior.set_aside_damaged() == []
    draw = posterior.path / "draw_00002000.npz"
    damage = draw.read_bytes()[:-5]
    draw.write_bytes(damage)
    (problem,) = posterior.set_aside_damaged()
    assert problem.endswith("set aside as draw_00002000.npz.damaged")
    assert str(draw) in problem
    assert posterior.iterations == [1000, 3000]
    assert draw.with_name(draw.name + ".damaged").read_bytes() == damage

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(storage, "open_regular", refuse)
    with pytest.raises(InputError, match="cannot be opened"):
        posterior.set_aside_damaged()
    assert posterior.iterations == [1000, 3000]


def test_a_reader_that_comes_too_late_for_every_draw_says_so(
    collected: tuple[Posterior, BayesianGAN, np.ndarray],
    images: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posterior, _, _ = collected
    monkeypatch.setattr(
        Posterior, "iterations", [10, 20]
    )  # Listed, and removed before they are read.
    with pytest.raises(InputError, match="every draw was removed"):
        posterior.predict(images)


def test_readers_see_whole_draws_while_they_are_written(
    make_model: MakeModel, tmp_path: Path, images: np.ndarray
) -> None:
    model = make_model()
    writer = Posterior.create(tmp_path / "p", model, max_samples=2)
    writer.collect(model)
    stop = threading.Event()
    counts = [0, 0]
    problems: list[str] = []

    def read(k: int) -> None:
        reader = Posterior(tmp_path / "p")
        while not stop.is_set():
            problems.extend(p for p in reader.check().values() if p is not None)
            # The draw that is in the folder by its name is there, or was removed for a newer one.
            counts[k] += 1

    readers = [threading.Thread(target=read, args=(k,)) for k in range(2)]
    for thread in readers:
        thread.start()
    iteration = 0
    while min(counts) < 50:
        iteration += 1
        model.iteration.assign(iteration)
        writer.collect(model)
    stop.set()
    for thread in readers:
        thread.join()
    assert problems == []
    assert writer.iterations == [iteration - 1, iteration]


def test_log_z_and_p_fake_are_those_of_the_logits(
    collected: tuple[Posterior, BayesianGAN, np.ndarray], images: np.ndarray
) -> None:
    posterior, model, _ = collected
    last = list(posterior.member_outputs(images, batch_size=40))[-1]
    for i, network in enumerate(model.discriminators):  # As they are in the last draw.
        m = network(images / 127.5 - 1.0)["logits"].numpy().astype(np.float64)
        Z = np.exp(m).sum(-1)
        # These logits reach 200, of which float32 holds seven digits.
        np.testing.assert_allclose(last.log_z[i], np.log(Z), rtol=2e-5)
        np.testing.assert_allclose(last.p_fake[i], 1 / (1 + np.exp(last.log_z[i])), rtol=1e-9)


def test_a_mixture_has_all_generators_of_its_draws(
    collected: tuple[Posterior, BayesianGAN, np.ndarray],
) -> None:
    posterior, _, _ = collected
    images, owners = posterior.generate_mixture(14, seed=3)
    np.testing.assert_array_equal(np.bincount(owners), [4, 4, 3, 3])
    again, _ = posterior.generate_mixture(14, seed=3)
    np.testing.assert_array_equal(images, again)
    assert np.abs(posterior.generate_mixture(14, seed=4)[0] - images).max() > 1e-3
    # Each image is of its owner, and no z comes twice: those of one generator differ, and so do all.
    for k, j in enumerate(owners):
        assert _was_made_by(posterior, images[k], int(j), 3000)
        assert not _was_made_by(posterior, images[k], int(j), 1000)
    assert len(np.unique(images.reshape(14, -1).round(5), axis=0)) == 14
    # Four generators of three draws: two images of each.
    every, owners = posterior.generate_mixture(24, seed=3, iterations=posterior.iterations)
    np.testing.assert_array_equal(np.bincount(owners), [6, 6, 6, 6])
    of_first = [k for k in range(24) if _was_made_by(posterior, every[k], int(owners[k]), 1000)]
    assert len(of_first) == 8
    with pytest.raises(InputError, match="no draw of iteration 7"):
        posterior.generate_mixture(4, iterations=[7])


def _was_made_by(posterior: Posterior, image: np.ndarray, sample: int, iteration: int) -> bool:
    """Whether a generator makes this image of any of the z that a mixture may give it."""
    from bayesian_gan.networks.generation import draw_noise, generate

    posterior._assign("g", posterior._read(iteration), sample)
    z = np.concatenate([draw_noise(4, 5, (3, first)) for first in range(1, 13)])
    made = generate(posterior._generator, z)
    return bool(np.abs(made - image).max(axis=(1, 2, 3)).min() < 1e-5)
