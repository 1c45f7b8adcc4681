"""A run with `--swag`: its posterior is drawn at the end, and everything goes on with these draws."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import RUN_FLAGS, make_run, parse_flags, run_flagged

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.build import build_model
from bayesian_gan.runs.swag import NUM_DRAWS, draw_swag
from bayesian_gan.samplers.swag import Swag
from bayesian_gan.seeds import Use

FLAGS = (
    "--ml",
    "--num_layers=2",
    "--swag=3",
    "--num_gen=1",
    "--num_mcmc=1",
    "--collect_every=5",
    "--lr=0.02",
)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snapshots at iterations 15, 20, ..., 40."""
    return make_run(tmp_path_factory.mktemp("swag"), *FLAGS)


def _trained(network: keras.Model) -> list[bool]:
    return [any(w is t for t in network.trainable_weights) for w in network.weights]


def test_the_posterior_is_drawn_around_the_path(run_dir: Path) -> None:
    posterior, path = Posterior(run_dir / "posterior"), Posterior(run_dir / "snapshots")
    assert path.iterations == [15, 20, 25, 30, 35, 40]
    assert posterior.iterations == list(range(1, NUM_DRAWS + 1))
    fitted = Swag.of((path.draw(i) for i in path.iterations), 3)
    draws = [posterior.draw(i) for i in posterior.iterations]
    for player in ("generator", "discriminator"):
        for k, trained in enumerate(_trained(posterior.network(player))):
            name = f"{player[0]}_0000_{k:02d}"
            each = np.array([draw[name] for draw in draws], np.float64)
            if not trained:
                continue
            variance = fitted.diagonal[name]
            # The low rank adds what the diagonal's half leaves out: all in all it is of the
            # diagonal's size. The mean over draws is within that of the mean by chance.
            off = (each.mean(0) - fitted.mean[name]) / np.sqrt(variance / NUM_DRAWS + 1e-20)
            assert np.sqrt(np.mean(off**2)) < 3.0
            assert 0.1 < each.var(0).sum() / variance.sum() < 3.0


def test_draws_follow_the_seed_and_the_order_of_the_weights(run_dir: Path) -> None:
    """So that another process draws the same."""
    posterior, path = Posterior(run_dir / "posterior"), Posterior(run_dir / "snapshots")
    names = [
        f"{player[0]}_0000_{k:02d}"
        for player in ("generator", "discriminator")
        for k, trained in enumerate(_trained(path.network(player)))
        if trained
    ]
    fitted = Swag.of(({n: path.draw(i)[n] for n in names} for i in path.iterations), 3)
    seed = json.loads((run_dir / "config.json").read_text())["flags"]["random_seed"]
    expected = fitted.draw(np.random.default_rng((seed, Use.SWAG, 2, 7)))
    found = posterior.draw(7)
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name])


def test_running_averages_are_those_of_the_drawn_weights(run_dir: Path) -> None:
    posterior = Posterior(run_dir / "posterior")
    images = digits.load().images / np.float32(127.5) - np.float32(1)
    network = posterior.network("discriminator")
    layer = next(w for w in network.layers if hasattr(w, "moving_mean"))
    before = keras.Model(network.inputs, layer.input)
    for number in (1, NUM_DRAWS):
        network.set_weights(posterior.weights("discriminator", [(number, 0)])[0])
        given = np.asarray(before([images]))
        axes = tuple(range(given.ndim - 1))
        deviation = given.std(axes)
        # An average over some ten minibatches of eight images, each of many places: a third of a
        # deviation is far more than chance, and far less than weights that were moved make.
        off = np.abs(layer.moving_mean.numpy() - given.mean(axes)) / deviation
        assert off.max() < 0.34


def test_the_scores_are_those_of_the_draws(run_dir: Path) -> None:
    summary = json.loads((run_dir / "summary.json").read_text())
    data = digits.load()
    predicted = Posterior(run_dir / "posterior").predict(data.test_images)
    wrong = int((predicted.argmax(1) != data.test_labels).sum())
    assert summary["posterior"]["errors"] == wrong
    assert summary["posterior"]["num_samples"] == NUM_DRAWS
    assert summary["ensemble"] is None  # There is one network.
    assert summary["posterior"]["mixing"] is None  # They are independent by construction.
    assert "are no posterior: --swag 3 draws them from a Gaussian" in summary["draws"]
    # The network that was trained is left as it is: the last snapshot is that of the last iteration.
    last = list(Posterior(run_dir / "snapshots").member_probabilities(data.test_images))[-1][0]
    assert summary["single"]["errors"] == int((last.argmax(1) != data.test_labels).sum())


def test_what_a_killed_process_left_is_no_part_of_the_posterior(
    run_dir: Path, tmp_path: Path
) -> None:
    flags = json.loads((run_dir / "config.json").read_text())["flags"]
    config, data = Config(**flags), digits.load()
    for name in ("posterior", "posterior.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "left").touch()
    model = build_model(config, data, 0, None)
    snapshots = Posterior(run_dir / "snapshots")
    found = draw_swag(config, model, data.images, snapshots, tmp_path / "posterior")
    assert not list(tmp_path.rglob("left"))
    assert [path.name for path in tmp_path.iterdir()] == ["posterior"]
    np.testing.assert_array_equal(
        found.draw(1)["g_0000_00"], Posterior(run_dir / "posterior").draw(1)["g_0000_00"]
    )


@pytest.mark.slow
def test_a_run_that_goes_on_draws_anew(run_dir: Path, tmp_path: Path) -> None:
    longer, again = tmp_path / "longer", tmp_path / "again"
    for place in (longer, again):
        shutil.copytree(run_dir, place)
    before = Posterior(run_dir / "posterior").draw(1)
    flags = (*RUN_FLAGS.split(), "--out_dir", str(tmp_path), *FLAGS)
    run_flagged(*flags, folder=again)
    after = Posterior(again / "posterior").draw(1)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)
    run_flagged(*flags, "--train_iter=50", folder=longer)
    assert Posterior(longer / "snapshots").iterations[-1] == 50
    changed = Posterior(longer / "posterior").draw(1)
    assert any((changed[name] != array).any() for name, array in before.items())
    assert not list(longer.glob("*.part"))


def test_commands_take_the_draws(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(run_dir)]) == 0
    assert f"{NUM_DRAWS} draws, 0 damaged" in capsys.readouterr().out
    unfinished = run_dir.parent / "unfinished"
    shutil.copytree(run_dir, unfinished)
    shutil.rmtree(unfinished / "posterior")
    assert main(["generate", str(unfinished)]) == 2
    assert "has no posterior yet, which --swag draws at the end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--swag=3",), "--swag needs --ml, a single DCGAN"),
        (("--swag=1", "--ml"), "--swag must be at least 2 for a covariance, not 1"),
        ((*FLAGS, "--max_samples=4"), "--max_samples 4 does not go with --swag"),
        ((*FLAGS, "--train_iter=40", "--warm_up=30"), "make 2: give a smaller --collect_every"),
    ],
)
def test_what_does_not_fit_is_refused(flags: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_flags("--out_dir=o", *flags).check()
