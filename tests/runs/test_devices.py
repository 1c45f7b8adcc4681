"""`--device` and `--mixed_precision`: what TensorFlow is told, what is refused, and what stays float32."""

import os
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import CommandLine
from conftest import RUN_FLAGS, parse_flags
from playing import gradients_of
from scipy.stats import kstest

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.normalization import ghost_normalise
from bayesian_gan.options.device import parse_device
from bayesian_gan.reliability.state import state_variables
from bayesian_gan.runs.devices import set_environment, use_device
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.noise import normal

GPUS = [SimpleNamespace(name=f"GPU:{i}", device_type="GPU") for i in range(3)]


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """TensorFlow's configuration of a machine with three GPUs, and what it was told."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: GPUS)
    monkeypatch.setattr(
        tf.config, "set_visible_devices", lambda devices, kind: told.update(visible=(devices, kind))
    )
    return told


@pytest.mark.parametrize(
    ("device", "several", "expected"),
    [
        ("auto", False, GPUS[:1]),
        ("auto", True, GPUS),
        ("gpu", False, GPUS[:1]),
        ("gpu", True, GPUS),
        ("gpu:2", False, GPUS[2:]),
        ("gpu:2", True, GPUS[2:]),
        ("gpu:1", False, GPUS[1:2]),
        ("gpu:0", True, GPUS[:1]),
        ("cpu", True, []),
    ],
)
def test_what_is_shown_to_tensorflow(
    three_gpus: dict[str, Any], device: str, several: bool, expected: list[Any]
) -> None:
    use_device(device, several)
    assert three_gpus["visible"] == (expected, "GPU")


def test_memory_grows_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    set_environment()
    assert os.environ == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "false"
    set_environment()
    assert os.environ == {"TF_FORCE_GPU_ALLOW_GROWTH": "false"}


def test_a_gpu_that_is_not_there_is_refused(
    three_gpus: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"--device gpu:3: TensorFlow sees 3 GPUs here; .* 0 to 2"):
        use_device("gpu:3")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    for device in ("gpu", "gpu:0"):
        with pytest.raises(InputError, match=rf"--device {device}: TensorFlow sees no GPU here"):
            use_device(device)
    assert "visible" not in three_gpus
    use_device("auto")
    assert three_gpus["visible"] == ([], "GPU")


@pytest.mark.parametrize("device", ["tpu", "gpu:", "gpu:-1", "cpu:0", "auto:1", "GPU", ""])
def test_other_words_are_refused(device: str) -> None:
    with pytest.raises(InputError, match="--device must be auto, cpu, gpu or gpu:NUMBER"):
        parse_device(device)


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_the_command_line_refuses_a_gpu_in_one_line(
    command_line: CommandLine, tmp_path: Any
) -> None:
    arguments = ["--dataset", "digits", "--N", "20", "--out_dir", str(tmp_path)]
    command_line([*arguments, "--device", "gpu"]).refused("--device gpu: TensorFlow sees no GPU")
    result = command_line([*arguments, "--device", "tpu"])
    assert result.status == 2
    assert "--device must be auto" in result.stderr
    assert not list(tmp_path.iterdir())


def test_what_mixed_precision_leaves_in_float32(images: np.ndarray, labels: np.ndarray) -> None:
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2, precision="mixed_bfloat16"),
        dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2, precision="mixed_bfloat16"),
        num_data=len(images),
        num_gen=2,
        seed=1,
    )
    computed = {layer.compute_dtype for layer in model.discriminators[0].layers}
    assert "bfloat16" in computed
    sampler = WarmStart(keras.optimizers.Adam(1e-3), SGHMC(1e-3, len(images), seed=1), 1)
    model.compile(sampler, sampler)
    model.fit(images, labels, batch_size=8, steps_per_epoch=3, verbose=0)
    floats = {
        name: variable.dtype
        for name, variable in state_variables(model, None).items()
        if tf.as_dtype(variable.dtype).is_floating
    }
    assert any("velocity" in name for name in floats)
    assert set(floats.values()) == {"float32"}
    step = tf.constant(3, tf.int64)
    found, of_generators, of_discriminators = gradients_of(model, (0,), step)
    tensors = [found.generators, found.discriminators, *found.terms.values()]
    tensors += [g for chain in (*of_generators, *of_discriminators) for g in chain]
    assert {tensor.dtype for tensor in tensors} == {tf.float32}


def test_mixed_precision_is_what_the_flag_makes() -> None:
    from bayesian_gan.data import digits
    from bayesian_gan.runs.build import build_networks

    for given, expected in (((), "float32"), (("--mixed_precision",), "bfloat16")):
        for network in build_networks(
            parse_flags(*RUN_FLAGS.split(), "--out_dir", "o", *given), digits.load()
        ):
            kinds = {layer.compute_dtype for layer in network.layers[1:-2]}
            assert kinds == {expected}


def test_what_runs_where_a_gpu_is_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    # Plain operations in the place of XLA's kernels, and tfp's normal numbers; here on the processor.
    def passes() -> tuple[np.ndarray, np.ndarray]:
        x = tf.random.stateless_normal((8, 3, 3, 2), (1, 2))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, _, _ = ghost_normalise(x, 4, 1e-5, 0.2)
            total = tf.reduce_sum(y**3)
        return y.numpy(), tape.gradient(total, x).numpy()

    on_processor = passes()
    drawn = normal(20_000, tf.constant([1, 2]), tf.constant(2.0)).numpy()
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: GPUS)
    for plain, fused in zip(passes(), on_processor, strict=True):
        np.testing.assert_allclose(plain, fused, rtol=1e-4, atol=1e-5)
    other = normal(20_000, tf.constant([1, 2]), tf.constant(2.0)).numpy()
    assert np.any(other != drawn)
    assert kstest(other / 2.0, "norm").pvalue > 0.01
