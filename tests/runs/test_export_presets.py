"""The networks of every preset, and of other options, in every format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import parse_flags

from bayesian_gan.data import digits
from bayesian_gan.export.keras_files import write_keras
from bayesian_gan.export.networks import Networks
from bayesian_gan.export.savedmodel import write_saved_model
from bayesian_gan.options.presets import PRESETS
from bayesian_gan.runs.build import build_networks

TINY = "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --z_dim 5"
NOISE = "--num_layers 2 --input_noise 0.3 --hidden_noise 0.3"
OTHERS = {
    "critic": f"{NOISE} --wasserstein",
    "penalty": f"{NOISE} --wasserstein --gradient_penalty 10",
    "half": f"{NOISE} --mixed_precision",
}


# Options that decide which layers a preset's networks are made of.
OF_LAYERS = ("num_layers", "generator_layers", "pooling", "input_noise", "hidden_noise", "init")
# The first preset of each kind of network of pictures; test_run_on_a_table exports the other.
KINDS = {
    tuple(PRESETS[name].values.get(option) for option in OF_LAYERS): name
    for name in reversed(PRESETS)
    if name != "table"
}


@dataclass(frozen=True)
class Made:
    """Two classifiers and a generator, images, and what the classifiers say of them on average."""

    classifier: Networks
    generator: Networks
    images: np.ndarray
    probabilities: np.ndarray
    rounding: float


def _networks(network: keras.Model, members: int) -> Networks:
    """Members with weights drawn far apart; variances stay positive."""
    numbers = np.random.default_rng(0)

    def drawn(w: np.ndarray) -> np.ndarray:
        if w.ndim == 1:
            return np.abs(w) + 0.1 + 0.3 * numbers.random(w.shape)
        return numbers.normal(0, 1.5 / np.sqrt(np.prod(w.shape[:-1])), w.shape)

    weights = [tuple(drawn(w) for w in network.get_weights()) for _ in range(members)]
    return Networks(network, tuple(f"{k:08d}_0000" for k in range(members)), tuple(weights))


# Quick tests have the default of data of one's own in every format.
QUICK = "laptop"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=() if name == QUICK else pytest.mark.slow)
        for name in (*KINDS.values(), *OTHERS)
    ],
)
def made(request: pytest.FixtureRequest) -> Made:
    flags = OTHERS.get(request.param, f"--preset {request.param}")
    assert set(KINDS.values()) == {"paper", "authors", "laptop"}
    config = parse_flags(*TINY.split(), *flags.split(), "--out_dir", "nowhere")
    data = digits.load()
    generator, discriminator = build_networks(config, data)
    classifier, images = _networks(discriminator, 2), data.test_images[:6]
    x = (images / 127.5 - 1.0).astype(np.float32)
    each = [
        tf.nn.softmax(classifier.load(k)(x, training=False)["logits"]).numpy() for k in range(2)
    ]
    assert np.abs(each[0] - each[1]).max() > 0.02
    rounding = 2e-2 if config.mixed_precision else 1e-4
    return Made(classifier, _networks(generator, 1), images, np.mean(each, axis=0), rounding)


def _savedmodel(made: Made, folder: Path) -> np.ndarray:
    write_saved_model(folder, made.classifier, made.generator, ())
    loaded = tf.saved_model.load(str(folder))
    return loaded.classify(tf.constant(made.images))["probabilities"]


def _keras(made: Made, folder: Path) -> np.ndarray:
    write_keras(folder, made.classifier, made.generator)
    x = (made.images / 127.5 - 1.0).astype(np.float32)
    files = sorted(folder.glob("classifier_*.keras"))
    loaded = [keras.saving.load_model(file) for file in files]
    own = [layer for m in loaded for layer in m.layers if "bayesian_gan" in type(layer).__module__]
    assert own == []
    return np.mean([tf.nn.softmax(m(x, training=False)["logits"]) for m in loaded], axis=0)


def _litert(made: Made, folder: Path) -> np.ndarray:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="extra litert")
    from bayesian_gan.export.litert import write_litert

    write_litert(folder, made.classifier, made.generator)
    loaded = interpreter.Interpreter(str(folder / "classifier_float32.tflite"))
    return loaded.get_signature_runner("serving_default")(images=made.images)["probabilities"]


def _onnx(made: Made, folder: Path) -> np.ndarray:
    pytest.importorskip("tf2onnx", reason="extra onnx")
    runtime = pytest.importorskip("onnxruntime")
    from bayesian_gan.export.onnx_files import write_onnx

    write_onnx(folder, made.classifier, made.generator)
    session = runtime.InferenceSession(str(folder / "classifier.onnx"))
    return session.run(["probabilities"], {"images": made.images})[0]


def _distilled(made: Made, folder: Path) -> np.ndarray:
    """The student begins as the last member, and one step of a rate that falls to 0 moves it little."""
    from bayesian_gan.runs.distillation import distill, soft_labels

    student = distill(made.classifier, made.images, epochs=1, seed=0)
    assert len(student) == 1
    assert np.isfinite(soft_labels(student, made.images)[0]).all()
    return soft_labels(made.classifier, made.images)[0]


FORMATS: dict[str, Callable[[Made, Path], Any]] = {
    "savedmodel": _savedmodel,
    "keras": _keras,
    "litert": _litert,
    "onnx": _onnx,
    "distilled": _distilled,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_network_in_every_format(made: Made, name: str, tmp_path: Path) -> None:
    found = FORMATS[name](made, tmp_path)
    np.testing.assert_allclose(found, made.probabilities, atol=made.rounding)
