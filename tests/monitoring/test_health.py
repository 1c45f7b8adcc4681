"""What the callbacks measure, against closed forms and differences of energies."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Wasserstein
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.monitoring import Functionals, HealthMeter, SamplerHealth, convergence, events
from bayesian_gan.monitoring.events import read_events
from bayesian_gan.monitoring.health_log import read_functionals
from bayesian_gan.monitoring.positions import Positions
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.samplers import SGHMC, WarmStart

LEARNING_RATE, FRICTION, TEMPERATURE = 1e-3, 0.3, 0.5

Make = Callable[..., BayesianGAN]


def _compile(model: BayesianGAN, warm_up: int = 4, steps: int = 1) -> BayesianGAN:
    def sampler() -> keras.optimizers.Optimizer:
        sghmc = SGHMC(
            LEARNING_RATE, model.game.num_data, friction=FRICTION, temperature=TEMPERATURE, seed=3
        )
        return WarmStart(keras.optimizers.Adam(1e-3), sghmc, warm_up)

    model.compile(sampler(), sampler(), steps_per_execution=steps)
    return model


@pytest.fixture(scope="module")
def six_iterations(make_model: Make, images: np.ndarray, labels: np.ndarray) -> BayesianGAN:
    """A model six iterations old, of which four are warm-up."""
    model = _compile(make_model())
    model.fit(images, labels, batch_size=16, steps_per_epoch=6, verbose=0)
    return model


@pytest.fixture
def trained(six_iterations: BayesianGAN) -> Iterator[BayesianGAN]:
    """The same, put back as it was after each test."""
    model = six_iterations
    optimizers = (*model.generator_optimizers, *model.discriminator_optimizers)
    variables = [*model.variables, *(v for o in optimizers for v in o.variables)]
    values = [v.numpy() for v in variables]
    yield model
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _energy(model: BayesianGAN, player: str, chain: int) -> float:
    """The sum of a player's energies in one chain on the minibatch that comes next."""
    step = model.iteration.value
    with keras.StatelessScope():
        energies = energies_of(model, (chain,), step)
    return float(tf.reduce_sum(getattr(energies, f"{player}s")))


@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("chain", [0, 1])
def test_configurational_temperature_is_the_energy_s_slope_along_the_weights(
    trained: BayesianGAN, images: np.ndarray, player: str, chain: int
) -> None:
    # sum (theta - c) dU/dtheta is the derivative of U(c + s (theta - c)) at s = 1. Biases start at
    # 0.02 N(0, 1) like the rest. Here c = -theta, the mean of -3 theta and theta in turns.
    positions = Positions(trained)
    networks = [*trained.generators, *trained.discriminators]
    every = [v for network in networks for v in network.trainable_variables]
    states = [v.numpy() for v in every]
    for factor in (-3.0, 1.0) * 5:
        for variable, value in zip(every, states, strict=True):
            variable.assign(factor * value)
        positions.add()
    found = HealthMeter(trained, images[:8], positions).measure().numbers
    networks = getattr(trained.chains[chain], f"{player}s")
    variables = [v for network in networks for v in network.trainable_variables]
    weights, h, sides = [v.numpy() for v in variables], 1e-3, []
    for scale in (1 + h, 1 - h):
        for variable, value in zip(variables, weights, strict=True):
            variable.assign((2.0 * scale - 1.0) * value)
        sides.append(_energy(trained, player, chain))
    slope = (sides[0] - sides[1]) / (2 * h)
    expected = slope * trained.game.num_data / sum(w.size for w in weights)
    name = f"configurational_temperature/{player}s_of_chain_{chain}"
    # Single precision: an energy of order 1 has an error of 1e-7, its slope one of 1e-4.
    tolerance = 3e-4 * trained.game.num_data / sum(w.size for w in weights)
    assert found[name] == pytest.approx(expected, rel=2e-2, abs=tolerance)


def test_norms_and_outputs_belong_to_their_networks(
    trained: BayesianGAN, images: np.ndarray
) -> None:
    before = HealthMeter(trained, images[:8]).measure()
    for variable in trained.discriminators[1].trainable_variables:
        variable.assign(2.0 * variable)
    after = HealthMeter(trained, images[:8]).measure()
    name = "weight_norm/discriminator_{}"
    assert after.numbers[name.format(0)] == before.numbers[name.format(0)]
    assert after.numbers[name.format(1)] == pytest.approx(
        2.0 * (before.numbers[name.format(1)] or 0.0)
    )
    # Chain 0 is untouched, and chain 1's generators meet another discriminator.
    for j, changes in enumerate((False, False, True, True)):
        key = f"gradient_norm/generator_{j}"
        assert (after.numbers[key] != pytest.approx(before.numbers[key], rel=1e-4)) == changes
    logits = trained.discriminators[0](images[:8] / 127.5 - 1.0, training=False)["logits"].numpy()
    z = np.exp(logits.astype(np.float64)).sum(axis=1)
    expected = z / (1.0 + z)
    np.testing.assert_allclose(
        after.outputs["p_real/discriminator_0/real"], expected, rtol=1e-5, atol=1e-6
    )
    assert after.numbers["p_real/discriminator_0/real"] == pytest.approx(expected.mean(), rel=1e-5)
    # Its own chain's two generators, eight images each.
    fakes = np.concatenate([trained.generate(8, j) for j in (0, 1)])
    shown = trained.discriminators[0](fakes, training=False)["logits"].numpy()
    z = np.exp(shown.astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(
        after.outputs["p_real/discriminator_0/fake"], z / (1 + z), rtol=1e-4, atol=1e-5
    )


def test_gradient_norms_are_those_of_the_energies(trained: BayesianGAN, images: np.ndarray) -> None:
    found = HealthMeter(trained, images[:8]).measure().numbers
    for player, i, chain in (("generator", 3, 1), ("discriminator", 0, 0)):
        network = getattr(trained, f"{player}s")[i]
        step = trained.iteration.value
        with keras.StatelessScope(), tf.GradientTape() as tape:
            energies = energies_of(trained, (chain,), step)
            own = getattr(energies, f"{player}s")[i % (2 if player == "generator" else 1)]
        gradients = tape.gradient(own, [v.value for v in network.trainable_variables])
        norm = np.sqrt(sum(np.sum(np.square(g.numpy(), dtype=np.float64)) for g in gradients))
        assert found[f"gradient_norm/{player}_{i}"] == pytest.approx(norm, rel=1e-4)


def test_kinetic_temperature_of_velocities_that_have_one(
    trained: BayesianGAN, images: np.ndarray
) -> None:
    optimizer = trained.discriminator_optimizers[1]
    rng = np.random.default_rng(0)
    true = 0.7
    std = np.sqrt(2.0 * true * LEARNING_RATE / trained.game.num_data / (2.0 - FRICTION))
    count = 0
    for velocity in optimizer.sampler.velocities:
        velocity.assign(std * rng.standard_normal(velocity.shape))
        count += int(np.prod(velocity.shape))
    numbers = HealthMeter(trained, images[:8]).measure().numbers
    # chi^2_n / n has standard deviation sqrt(2 / n); four of them.
    assert numbers["kinetic_temperature/discriminators_of_chain_1"] == pytest.approx(
        true, rel=4.0 * np.sqrt(2.0 / count)
    )
    assert numbers["kinetic_temperature/discriminators_of_chain_0"] != pytest.approx(true, rel=0.05)
    assert numbers["temperature/discriminators_of_chain_1"] == pytest.approx(TEMPERATURE)
    assert numbers["learning_rate/discriminators_of_chain_1"] == pytest.approx(LEARNING_RATE)


def test_a_warm_up_has_no_temperature(
    make_model: Make, images: np.ndarray, labels: np.ndarray
) -> None:
    model = _compile(make_model(), warm_up=9)
    model.fit(images, labels, batch_size=16, steps_per_epoch=3, verbose=0)
    numbers = HealthMeter(model, images[:8]).measure().numbers
    assert numbers["kinetic_temperature/generators_of_chain_0"] is None
    assert numbers["configurational_temperature/generators_of_chain_0"] is None
    assert numbers["temperature/generators_of_chain_0"] is None
    assert numbers["learning_rate/generators_of_chain_0"] == pytest.approx(1e-3)


def test_measuring_does_not_change_the_training(
    make_model: Make, images: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    ends = []
    for callbacks in (
        [],
        [SamplerHealth(tmp_path, images[:20], np.zeros(20, int), every=2, functionals_every=1)],
    ):
        model = _compile(make_model())
        model.fit(images, labels, batch_size=16, steps_per_epoch=8, verbose=0, callbacks=callbacks)
        optimizers = (*model.generator_optimizers, *model.discriminator_optimizers)
        slots = [v.numpy() for o in optimizers for v in o.variables]
        ends.append([v.numpy() for v in model.variables] + slots)
    assert len(list(csv.DictReader((tmp_path / "health.csv").open()))) == 4
    for without, with_health in zip(*ends, strict=True):
        np.testing.assert_array_equal(without, with_health)


@pytest.mark.slow
def test_a_random_scan_measures_each_block_in_turn(
    make_model: Make, images: np.ndarray, labels: np.ndarray
) -> None:
    model = _compile(make_model(scan=RandomScan(1)))
    model.fit(images, labels, batch_size=16, steps_per_epoch=6, verbose=0)
    meter = HealthMeter(model, images[:8])
    for turn, measured in ((0, (0, 2)), (1, (1, 3)), (2, (0, 2))):
        numbers = meter.measure(turn).numbers
        found = [j for j in range(4) if numbers[f"gradient_norm/generator_{j}"] is not None]
        assert tuple(found) == measured
        # The measured block's weights, not the template's.
        j = measured[1]
        weights = [v.numpy() for v in model.generators[j].trainable_variables]
        norm = np.sqrt(sum(np.square(w, dtype=np.float64).sum() for w in weights))
        assert numbers[f"weight_norm/generator_{j}"] == pytest.approx(norm)
    assert meter.measure(0).numbers["gradient_norm/generator_0"] != pytest.approx(
        meter.measure(1).numbers["gradient_norm/generator_1"], rel=1e-3
    )


def test_functionals_are_log_odds_of_the_class(trained: BayesianGAN, images: np.ndarray) -> None:
    y = np.array([0, 2, 1, 1])
    found = Functionals(trained, images[:4], y)()
    for i in range(2):
        p = trained.predict_sample(images[:4], i)[np.arange(4), y].astype(np.float64)
        np.testing.assert_allclose(found[i], np.log(p / (1.0 - p)), rtol=1e-4, atol=1e-5)
    without = Functionals(trained, images[:4], None)()
    logits = trained.discriminators[1](images[:4] / 127.5 - 1.0, training=False)["logits"].numpy()
    np.testing.assert_allclose(without[1], np.log(np.exp(logits).sum(axis=1)), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_tables_go_on_where_a_resumed_run_cut_them(
    make_model: Make, images: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    def fit(
        folder: Path, model: BayesianGAN, steps: int, positions: Positions | None = None
    ) -> None:
        folder.mkdir(exist_ok=True)
        health = SamplerHealth(
            folder, images[:20], every=4, functionals_every=1, positions=positions
        )
        model.fit(
            images, labels, batch_size=16, steps_per_epoch=steps, verbose=0, callbacks=[health]
        )

    fit(tmp_path / "whole", _compile(make_model()), 20)
    model = _compile(make_model())
    positions = Positions(model)
    fit(tmp_path / "parts", model, 14, positions)
    fit(tmp_path / "parts", model, 6, positions)
    for name in ("health.csv", "functionals.csv"):
        assert (tmp_path / "whole" / name).read_text() == (tmp_path / "parts" / name).read_text()
    rows = list(csv.DictReader((tmp_path / "whole" / "health.csv").open()))
    assert [row["iteration"] for row in rows] == ["4", "8", "12", "16", "20"]
    iterations, values = read_functionals(tmp_path / "whole")
    assert list(iterations) == list(range(5, 21))
    assert values.shape == (16, 2 * 16)
    assert [row["convergence/draws"] for row in rows] == ["", "", "8", "12", "16"]
    temperatures = [row["configurational_temperature/generators_of_chain_1"] for row in rows]
    # A mean over ten states is there after the iteration 14.
    assert [bool(value) for value in temperatures] == [False] * 3 + [True] * 2
    found = convergence(values.reshape(16, 2, 16))
    assert found is not None
    assert float(rows[-1]["convergence/rhat_max"]) == pytest.approx(found.rhat_max, rel=1e-5)


def test_tensorboard_has_scalars_histograms_a_picture_and_the_hyper_parameters(
    make_model: Make, images: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    from tensorboard.plugins.hparams import plugin_data_pb2

    file = events.EventFile(tmp_path / "tensorboard")
    file.write(0, events.hyper_parameters({"lr": 0.5, "N": 100, "semi": True, "jit": None}))
    health = SamplerHealth(tmp_path, images[:20], event_file=file, every=6)
    model = _compile(make_model())
    model.fit(images, labels, batch_size=16, steps_per_epoch=6, verbose=0, callbacks=[health])
    values: dict[str, Any] = {
        v.tag: v for event in read_events(file.path.read_bytes()) for v in event.summary.value
    }
    plugins = {tag: v.metadata.plugin_data.plugin_name for tag, v in values.items()}
    assert plugins["p_real/discriminator_1/fake"] in ("scalars", "histograms")
    assert plugins["weights/generator_3"] == "histograms"
    assert plugins["kinetic_temperature/generators_of_chain_1"] == "scalars"
    assert plugins["generators_at_same_z"] == "images"
    (hparams,) = (v for v in values.values() if v.metadata.plugin_data.plugin_name == "hparams")
    data = plugin_data_pb2.HParamsPluginData.FromString(hparams.metadata.plugin_data.content)
    assert {k: v.number_value for k, v in data.session_start_info.hparams.items()} == {
        "lr": 0.5,
        "N": 100.0,
        "semi": 0.0,  # A truth value is not a number there.
    }
    histogram = tf.make_ndarray(values["weights/generator_3"].tensor)
    assert histogram[:, 2].sum() == sum(
        int(np.prod(v.shape)) for v in model.generators[3].trainable_variables
    )


def test_p_real_of_a_critic_with_labels_is_the_critic_s(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2, critic=True),
        num_data=len(images),
        objective=Wasserstein(weight_clip=0.1),
        terms=[],
        seed=1,
    )
    _compile(model).hold(images, labels, batch_size=16)
    x = images[:8] / 127.5 - 1.0
    c = model.discriminators[0](x, training=False)["critic"].numpy()[:, 0].astype(np.float64)
    outputs = HealthMeter(model, images[:8]).measure().outputs
    np.testing.assert_allclose(
        outputs["p_real/discriminator_0/real"], 1.0 / (1.0 + np.exp(-c)), rtol=1e-5
    )
    np.testing.assert_allclose(Functionals(model, images[:8], None)()[0], c, rtol=1e-5, atol=1e-6)
