"""What version 1 collected still opens, and gives the numbers that version 1 gave; see version_1/README.md."""

import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.commands import main
from bayesian_gan.posterior import Posterior

FOLDER = Path(__file__).parent / "version_1"
SERVE = Path(__file__).parents[2] / "examples" / "serve"


@pytest.mark.parametrize(
    ("kind", "iterations", "num_classes"), [("semi", [500, 600], 10), ("critic", [200], 1)]
)
def test_a_posterior_of_version_1_gives_its_numbers(
    kind: str, iterations: list[int], num_classes: int
) -> None:
    posterior = Posterior(FOLDER / kind / "posterior")
    assert posterior.check() == dict.fromkeys(iterations)
    assert posterior.num_classes == num_classes
    assert posterior.image_shape == (8, 8, 1)
    with np.load(FOLDER / kind / "expected.npz") as expected:
        images = expected["images"]
        _assert_close(posterior.predict(images), expected["predicted"])
        log_z = [outputs.log_z for outputs in posterior.member_outputs(images)]
        # Sums may be in another order on another processor, and are no probabilities.
        _assert_close(np.stack(log_z), expected["log_z"], rtol=1e-5)
        generated = posterior.generate(2, sample=0, seed=3)
        _assert_close(generated, expected["generated"])
        mixed, owners = posterior.generate_mixture(4, seed=3)
        _assert_close(mixed, expected["mixed"])
        np.testing.assert_array_equal(owners, expected["owners"])


def _assert_close(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-6)


def test_a_run_of_version_1_is_exported(tmp_path: Path) -> None:
    run = shutil.copytree(FOLDER / "semi", tmp_path / "run")
    out = tmp_path / "exported"
    assert main(["export", str(run), "--format", "keras", "--output", str(out)]) == 0
    paths = sorted(out.glob("classifier_*.keras"))
    assert len(paths) == 4
    with np.load(run / "expected.npz") as expected:
        x = expected["images"].astype(np.float32) / 127.5 - 1
        logits = [keras.saving.load_model(path)(x)["logits"] for path in paths]
        average = np.mean([keras.ops.softmax(one) for one in logits], axis=0)
        _assert_close(average, expected["predicted"])


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    """What `export --format savedmodel` of version 1 made of `semi`."""
    shutil.unpack_archive(FOLDER / "semi_savedmodel.tar.gz", tmp_path, filter="data")
    return tmp_path / "savedmodel"


def test_an_exported_model_of_version_1_gives_its_numbers(saved_model: Path) -> None:
    loaded = tf.saved_model.load(str(saved_model))
    with np.load(FOLDER / "semi" / "expected.npz") as expected:
        images = expected["images"]
        for found in (
            loaded.classify(tf.constant(images)),
            loaded.signatures["classify_float"](tf.constant(images / np.float32(127.5) - 1)),
        ):
            _assert_close(found["probabilities"], expected["predicted"])


def test_an_exported_model_of_version_1_is_served(
    saved_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(SERVE)
    from model import Model

    try:
        served = Model(saved_model)
        with np.load(FOLDER / "semi" / "expected.npz") as expected:
            rows = served.predict("serving_default", expected["images"].tolist())
            _assert_close(np.array([row["probabilities"] for row in rows]), expected["predicted"])
        assert rows[0]["class"] == str(np.argmax(rows[0]["probabilities"]))
    finally:
        for name in ("model", "instances"):  # Too common to be left to others.
            sys.modules.pop(name, None)
