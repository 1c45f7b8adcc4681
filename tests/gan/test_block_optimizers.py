"""Steps of a random scan: each block's optimizer counts its own, and all agree on the iteration."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers import schedules

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.order import Half
from bayesian_gan.gan.random_scan import random_start
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.step import Block, Change, Step
from bayesian_gan.reliability.state import assign_state, read_state, state_variables
from bayesian_gan.samplers import PSGLD, SGHMC, ScaleAdaptedSGHMC, WarmStart
from bayesian_gan.samplers.sampler import Sampler
from bayesian_gan.samplers.schedules import TemperatureRamp

MakeScan = Callable[[keras.optimizers.Optimizer], BayesianGAN]
BLOCKS, CHAINS = 4, 2
GRADIENT = 0.25


@pytest.fixture
def make_scan(monkeypatch: pytest.MonkeyPatch) -> MakeScan:
    """A model of two chains whose generators, one of four in a step, have a constant gradient."""
    whole = Step.change_of_half

    def change(
        self: Step, half: Half, group: Sequence[int], step: tf.Tensor, block: Block | None = None
    ) -> Change:
        found = whole(self, half, group, step, block)
        constant = [[tf.fill(g.shape, GRADIENT) for g in chain] for chain in found.generators]
        return found._replace(generators=constant)

    monkeypatch.setattr(Step, "change_of_half", change)

    def make(optimizer: keras.optimizers.Optimizer) -> BayesianGAN:
        model = BayesianGAN(
            keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="g")], name="g"),
            keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="d")], name="d"),
            num_data=96,
            num_gen=BLOCKS,
            num_mcmc=CHAINS,
            scan=RandomScan(1),
            terms=(),
        )
        model.compile(optimizer, keras.optimizers.SGD(0.0))
        model.hold(np.zeros((96, 3), np.float32), batch_size=2)
        return model

    return make


def _one_weight_of_each(model: BayesianGAN, steps: int) -> np.ndarray:
    """The first bias's first element of every generator, after 0, 1, ... steps: [steps + 1, G]."""
    step = tf.function(lambda: model.train_step(None))
    watched = [g.trainable_variables[1] for g in model.generators]

    def read() -> list[float]:
        return [v.numpy().flat[0] for v in watched]

    rows = [read()]
    for _ in range(steps):
        step()
        rows.append(read())
    return np.array(rows, np.float64)


def _moving(model: BayesianGAN, steps: int) -> np.ndarray:
    """Which generator of each chain moves in each step: [steps, chains]."""
    key = (model.game.seed, 8)
    return np.array(
        [
            [int(random_start((*key, m), tf.constant(t, tf.int64), BLOCKS)) for m in range(CHAINS)]
            for t in range(steps)
        ]
    )


def _alone(optimizer: keras.optimizers.Optimizer, steps: int) -> np.ndarray:
    """Steps of one number that an optimizer of its own moves by the constant gradient: [steps]."""
    theta = keras.Variable(np.zeros(1), dtype="float32")
    optimizer.build([theta])
    values = [0.0]
    for _ in range(steps):
        optimizer.apply([tf.constant([GRADIENT])])
        values.append(float(theta.numpy()[0]))
    return np.diff(values)


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda: keras.optimizers.Adam(0.01, beta_1=0.5),
        lambda: keras.optimizers.RMSprop(0.01),
        lambda: keras.optimizers.Nadam(0.01),
        lambda: keras.optimizers.SGD(0.01, momentum=0.5),
        lambda: WarmStart(keras.optimizers.Adam(0.01), SGHMC(0.01, 96, seed=1), 1000),
    ],
    ids=["adam", "rmsprop", "nadam", "sgd", "warm_start"],
)
def test_a_block_takes_the_steps_of_an_optimizer_of_its_own(
    make_scan: MakeScan,
    make_optimizer: Callable[[], keras.optimizers.Optimizer],
) -> None:
    model = make_scan(make_optimizer())
    moves = np.diff(_one_weight_of_each(model, 30), axis=0)
    moving = _moving(model, 30)
    expected = _alone(make_optimizer(), 30)
    for generator in range(CHAINS * BLOCKS):
        chain, block = divmod(generator, BLOCKS)
        own = moving[:, chain] == block
        assert own.sum() > 1
        np.testing.assert_array_equal(moves[~own, generator], 0.0)
        np.testing.assert_allclose(moves[own, generator], expected[: own.sum()], rtol=1e-3)


def test_every_step_of_adam_is_the_learning_rate(
    make_scan: MakeScan,
) -> None:
    model = make_scan(keras.optimizers.Adam(0.01, beta_1=0.5))
    moves = np.abs(np.diff(_one_weight_of_each(model, 30), axis=0))
    np.testing.assert_allclose(moves[moves != 0.0], 0.01, rtol=1e-3)
    assert np.all((moves != 0.0).sum(1) == CHAINS)


@pytest.mark.parametrize("warm", [False, True])
def test_a_schedule_is_a_function_of_the_runs_iteration(
    make_scan: Callable[[keras.optimizers.Optimizer], BayesianGAN], warm: bool
) -> None:
    optimizer = keras.optimizers.Adam(schedules.PolynomialDecay(0.03, 30, 0.0), beta_1=0.5)
    if warm:
        optimizer = WarmStart(optimizer, SGHMC(0.01, 96, seed=1), 100)
    model = make_scan(optimizer)
    moves = np.abs(np.diff(_one_weight_of_each(model, 29), axis=0))
    for t, row in enumerate(moves):
        np.testing.assert_allclose(row[row != 0.0], 0.001 * (30 - t), rtol=2e-3)
    rates = [float(o.learning_rate) for o in model.generator_optimizers]
    np.testing.assert_allclose(rates, 0.001, rtol=1e-3)


def test_a_learning_rate_that_is_a_number_can_be_set(
    make_scan: MakeScan,
) -> None:
    model = make_scan(keras.optimizers.Adam(0.01, beta_1=0.5))
    for optimizer in model.generator_optimizers:
        optimizer.learning_rate = 0.02
    moves = np.abs(np.diff(_one_weight_of_each(model, 5), axis=0))
    np.testing.assert_allclose(moves[moves != 0.0], 0.02, rtol=1e-3)


def test_samplers_agree_on_the_iteration_and_share_no_noise(
    make_scan: MakeScan,
) -> None:
    temperature = TemperatureRamp(0.0, 1.0, 40)
    model = make_scan(
        WarmStart(
            keras.optimizers.SGD(0.0),
            SGHMC(1.0, 96, friction=1.0, temperature=temperature, seed=1),
            4,
        )
    )
    moves = np.diff(_one_weight_of_each(model, 12), axis=0)
    assert {int(o.iterations.numpy()) for o in model.generator_optimizers} == {12}
    assert {int(o.sampler.iterations.numpy()) for o in model.generator_optimizers} == {12}
    heats = [float(o.sampler.current_temperature()) for o in model.generator_optimizers]
    np.testing.assert_allclose(heats, 12 / 40)
    np.testing.assert_array_equal(moves[:4], 0.0)
    noise = moves[4:][moves[4:] != 0.0] + GRADIENT
    assert len(noise) == 8 * CHAINS
    scale = np.sqrt(2 / 96 * np.arange(4, 12).repeat(CHAINS) / 40)
    assert len(np.unique(np.round(noise / scale, 5))) == 8 * CHAINS
    # A sum of 16 squares of N(0, 1): mean 16, standard deviation 5.7.
    assert 4.0 < np.sum((noise / scale) ** 2) < 33.0
    assert len({o.sampler.seed for o in model.generator_optimizers}) == BLOCKS * CHAINS


def test_second_moments_of_every_block_are_handed_over(
    make_scan: MakeScan,
) -> None:
    adam = keras.optimizers.Adam(0.01)
    optimizer = WarmStart(adam, PSGLD(0.01, 96, seed=1), 20, hand_over_second_moments=True)
    model = make_scan(optimizer)
    _one_weight_of_each(model, 20)
    for own in model.generator_optimizers:
        assert int(own.optimizer.iterations.numpy()) > 0
        for moment in own.sampler.second_moments:
            np.testing.assert_allclose(moment.numpy(), GRADIENT**2, rtol=1e-4)


@pytest.mark.parametrize(
    "sampler",
    [PSGLD(1e-3, 96, seed=1), ScaleAdaptedSGHMC(1e-3, 96, burn_in=5, seed=1)],
    ids=lambda sampler: sampler.name,
)
def test_a_block_learns_its_scales_by_its_own_moves(make_scan: MakeScan, sampler: Sampler) -> None:
    model = make_scan(WarmStart(keras.optimizers.SGD(0.0), sampler, 4))
    moving = _moving(model, 20)[4:]
    _one_weight_of_each(model, 20)
    moves = [int((moving[:, m] == b).sum()) for m in range(CHAINS) for b in range(BLOCKS)]
    samplers = [o.sampler for o in model.generator_optimizers]
    assert [int(s.moves.numpy()) for s in samplers] == moves
    if isinstance(sampler, ScaleAdaptedSGHMC):
        assert [int(s.phase()) for s in samplers] == [int(n >= 5) for n in moves]
        assert 0 < sum(n >= 5 for n in moves) < len(moves)


def test_the_variance_of_gradients_counts_those_of_the_block(
    make_scan: MakeScan,
) -> None:
    model = make_scan(SGHMC(1e-6, 96, gradient_noise="fisher", seed=1))
    moving = _moving(model, 20)
    _one_weight_of_each(model, 20)
    counts = [
        int(v.numpy())
        for o in model.generator_optimizers
        for v in o.variables
        if v.name == "gradient_count"
    ]
    assert counts == [int((moving[:, m] == b).sum()) for m in range(CHAINS) for b in range(BLOCKS)]


@pytest.mark.slow
def test_a_scan_goes_on_bit_for_bit(make_scan: MakeScan) -> None:
    schedule = schedules.PolynomialDecay(0.03, 30, 0.0)
    optimizer = WarmStart(keras.optimizers.Adam(schedule), SGHMC(0.01, 96, seed=1), 8)
    whole, first, second = (make_scan(optimizer) for _ in range(3))
    _one_weight_of_each(whole, 12)
    _one_weight_of_each(first, 5)
    saved = read_state(state_variables(first, None))
    assign_state(state_variables(second, None), saved, "here")
    _one_weight_of_each(second, 7)
    expected, found = (read_state(state_variables(m, None)) for m in (whole, second))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
