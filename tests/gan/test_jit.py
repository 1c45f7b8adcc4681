"""A step under `jit_compile`: XLA lowers it as one program, which asks nothing of the host."""

import re

import gpu_graphs
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, NUM_CLASSES, NUM_DATA, Z_DIM

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms import Consistency, Term
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.samplers import SGHMC, WarmStart


def _hlo(images: np.ndarray, labels: np.ndarray, num_gen: int, *terms: Term) -> str:
    """The program of a step, before XLA optimizes it for a device."""
    model = BayesianGAN(
        dcgan_generator(IMAGE_SHAPE, Z_DIM, 4, 1),
        dcgan_discriminator(IMAGE_SHAPE, NUM_CLASSES, 4, 1, input_noise=0.1),
        num_data=NUM_DATA,
        num_gen=num_gen,
        terms=[Consistency(1.0, ramp=2), *terms],
    )
    model.compile(WarmStart(keras.optimizers.Adam(1e-3), SGHMC(1e-3, NUM_DATA, seed=1), 5))
    model.hold(images, labels, batch_size=8)
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    return step.experimental_get_compiler_ir(tf.constant(0))(stage="hlo")


@pytest.mark.parametrize("num_gen", [1, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("of_a_gpu", [False, True])
def test_a_step_is_one_program(
    num_gen: int,
    of_a_gpu: bool,
    images: np.ndarray,
    labels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if of_a_gpu:
        gpu_graphs.choose_gpu_branches(monkeypatch)
    program = _hlo(images, labels, num_gen)
    assert len(re.findall(r"^ENTRY ", program, re.MULTILINE)) == 1
    # Forwards, to inputs and to kernels, for each generator at least.
    assert program.count(" convolution(") >= 3 * num_gen
    for asks in ("outfeed", "infeed", "custom-call", " send(", " recv("):
        assert asks not in program


class OfPython(Term):
    """A term that only Python can compute."""

    metric = "of_python"

    def __call__(self, passes: Passes) -> tf.Tensor:
        """Nothing."""
        return tf.ensure_shape(tf.py_function(lambda: np.float32(0.0), [], tf.float32), ())


def test_what_xla_cannot_lower_is_refused_and_not_left_to_the_host(
    images: np.ndarray, labels: np.ndarray
) -> None:
    with pytest.raises(ValueError, match=r"unsupported operations.*EagerPyFunc"):
        _hlo(images, labels, 1, OfPython(1.0))
