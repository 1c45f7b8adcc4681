"""Programs that the tests run in processes of their own: logical devices are made before TensorFlow starts."""

import contextlib
import hashlib
import sys
from pathlib import Path
from typing import Any

import bayesian_gan  # noqa: F401 - before TensorFlow: it leaves TensorFlow's start-up lines out.

# isort: split
import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan import replicas
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    Neighbours,
)
from bayesian_gan.monitoring.health import HealthMeter
from bayesian_gan.monitoring.positions import Positions
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.reliability.state import read_state, state_variables
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.sampler_verdict import explain_sampler
from bayesian_gan.storage import read_arrays, write_arrays

STEPS = 50
SHAPE, CLASSES, NUM_DATA = (8, 8, 1), 3, 96


def two_devices() -> None:
    """Makes two logical devices of the processor."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


def train(strategy: tf.distribute.Strategy | None = None, **changed: Any) -> BayesianGAN:
    """A model with every term and every kind of noise, after 50 steps: 20 of Adam, 30 of SGHMC."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (NUM_DATA, *SHAPE), dtype=np.uint8)
    labels = np.full(NUM_DATA, -1, np.int32)
    labels[:12] = np.arange(12) % CLASSES
    arguments: dict[str, Any] = {
        "num_data": NUM_DATA,
        "num_gen": 2,
        "num_mcmc": 2,
        # Two halves: replicas write the weights between them, too.
        "objective": Paper(order="generators_first"),
        "terms": [
            FeatureMatching(1.0, "mean"),
            Entropy(0.1),
            Consistency(1.0, 10),
            ClassFrequencies(1.0),
            Neighbours(0.1, 10),
        ],
        "shards": 2,
        "seed": 1,
    }
    noise: dict[str, Any] = {"input_noise": 0.1, "hidden_noise": 0.1}
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        model = BayesianGAN(
            dcgan_generator(SHAPE, 5, width=4, num_layers=2, initial="he"),
            dcgan_discriminator(SHAPE, CLASSES, width=4, num_layers=2, initial="he", **noise),
            **(arguments | changed),
        )
        # With an epsilon above rounding: a gradient that is zero but for rounding would make whole steps.
        adam = keras.optimizers.Adam(1e-3, beta_1=0.5, epsilon=1e-3)
        sampler = WarmStart(adam, SGHMC(1e-3, NUM_DATA, seed=3), 20)
        model.compile(sampler, sampler, steps_per_execution=5)
    model.fit(images, labels, batch_size=8, steps_per_epoch=STEPS, verbose=0)
    return model


def state(model: BayesianGAN) -> dict[str, np.ndarray]:
    """Everything that training reads or writes."""
    return read_state(state_variables(model, None))


def check_equal(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """To float tolerance: sums over shards are in another order, and 50 steps amplify that."""
    assert found.keys() == expected.keys(), sorted(found.keys() ^ expected.keys())
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=5e-5, err_msg=name)


def check_replicas(model: BayesianGAN) -> None:
    """The copies of every variable on this process's devices are equal to the last bit."""
    count = 0
    for name, variable in state_variables(model, None).items():
        copies = [copy.numpy() for copy in variable.value.values]
        for copy in copies[1:]:
            np.testing.assert_array_equal(copy, copies[0], err_msg=name)
        count += len(copies) - 1
    print("copies compared:", count)


def mirrored(path: str) -> None:
    """Two logical devices against one."""
    two_devices()
    alone = state(train())
    keras.utils.clear_session()  # Keras counts names of seeds in a process.
    distributed = train(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    check_replicas(distributed)
    write_arrays(Path(path), alone, {})
    check_equal(state(distributed), alone)
    print("equal")


def health() -> None:
    """What is measured of a model and its sampler on two devices is what it is on one."""
    two_devices()
    images = np.random.default_rng(1).integers(0, 256, (4, *SHAPE), dtype=np.uint8)
    found = []
    for strategy in (None, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
        model = train(strategy, num_gen=1, num_mcmc=1, terms=[])
        numbers = HealthMeter(model, images, Positions(model)).measure(0).numbers
        found.append(numbers)
        # Whatever it is: it can be said.
        print(explain_sampler(model.discriminator_optimizers[0]))
    assert found[0].keys() == found[1].keys()
    kinetic = found[0]["kinetic_temperature/discriminators_of_chain_0"]
    assert kinetic is not None
    for name, value in found[0].items():
        other = found[1][name]
        if value is None or other is None:
            assert value is other, name
        else:
            np.testing.assert_allclose(other, value, rtol=0.05, atol=1e-3, err_msg=name)
    print("equal")


def worker(path: str) -> None:
    """One of several processes (TF_CONFIG), against the state that a single device reached."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    distributed = train(strategy)
    expected, _ = read_arrays(Path(path))
    check_equal(state(distributed), expected)
    # Every process's copy, bit for bit, as a checksum.
    digest = hashlib.sha256()
    for name, value in sorted(state(distributed).items()):
        digest.update(name.encode() + value.tobytes())
    numbers = replicas.gather(strategy, int(digest.hexdigest()[:15], 16))
    assert len(numbers) == 2
    assert len(set(numbers)) == 1, numbers
    print("equal")


def not_finite() -> None:
    """A gradient that is NaN on one replica only stops them all before anything is written."""
    two_devices()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        variable = keras.Variable(np.zeros(3), dtype="float32", name="theta")
        sampler = SGHMC(1e-3, NUM_DATA, seed=3)
        sampler.build([variable])

    @tf.function
    def step() -> None:
        def on_replica() -> None:
            number = tf.cast(
                tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32
            )
            sampler.apply([tf.fill([3], number / number)], [variable])  # NaN on the first.

        strategy.run(on_replica)

    with pytest.raises(tf.errors.InvalidArgumentError, match="theta is not finite"):
        step()
    np.testing.assert_array_equal(variable.numpy(), 0.0)
    print("stopped")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
