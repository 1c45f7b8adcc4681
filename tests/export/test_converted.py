"""LiteRT and ONNX files, run by their own runtimes."""

from pathlib import Path

import numpy as np
import pytest
from disagreeing import collected

from bayesian_gan.errors import InputError
from bayesian_gan.export import onnx_files
from bayesian_gan.export.litert import write_litert
from bayesian_gan.export.networks import Networks
from bayesian_gan.export.onnx_files import write_onnx
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.samples import read


@pytest.fixture(scope="module")
def posterior(tmp_path_factory: pytest.TempPathFactory) -> Posterior:
    return collected(tmp_path_factory.mktemp("collected") / "posterior", 3)


def _networks(posterior: Posterior) -> tuple[Networks, Networks]:
    return read(posterior, "classifier", "all"), read(posterior, "generator", "2")


def _z() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (5, 5)).astype(np.float32)


def test_litert_answers_as_the_posterior(
    posterior: Posterior, images: np.ndarray, tmp_path: Path
) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="extra litert")
    classifier, generator = _networks(posterior)
    write_litert(tmp_path, classifier, generator)
    names = {path.name for path in tmp_path.iterdir()}
    parts = ("classifier", *(f"generator_{name}" for name in generator.names))
    assert names == {f"{part}_{kind}.tflite" for part in parts for kind in ("float32", "int8")}

    def run(name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        loaded = interpreter.Interpreter(str(tmp_path / f"{name}.tflite"))
        return loaded.get_signature_runner("serving_default")(**inputs)

    expected = posterior.predict(images)
    found = run("classifier_float32", images=images)
    assert set(found) == {"probabilities", "entropy", "mutual_information", "real"}
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
    # Seven bits of a weight: a few hundredths of probability. One image alone, too.
    rough = run("classifier_int8", images=images[:1])["probabilities"]
    np.testing.assert_allclose(rough, expected[:1], atol=0.1)
    made = run(f"generator_{generator.names[0]}_float32", z=_z())["images"]
    np.testing.assert_allclose(made, generator.load(0)(_z()), atol=1e-4)


def test_onnx_answers_as_the_posterior(
    posterior: Posterior, images: np.ndarray, tmp_path: Path
) -> None:
    pytest.importorskip("tf2onnx", reason="extra onnx")
    runtime = pytest.importorskip("onnxruntime")
    classifier, generator = _networks(posterior)
    write_onnx(tmp_path, classifier, generator)
    session = runtime.InferenceSession(str(tmp_path / "classifier.onnx"))
    for batch in (images, images[:1]):
        (found,) = session.run(["probabilities"], {"images": batch})
        np.testing.assert_allclose(found, posterior.predict(batch), atol=1e-5)
    session = runtime.InferenceSession(str(tmp_path / f"generator_{generator.names[1]}.onnx"))
    (made,) = session.run(["images"], {"z": _z()})
    np.testing.assert_allclose(made, generator.load(1)(_z()), atol=1e-4)


def test_onnx_without_its_converter_is_refused(
    posterior: Posterior, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"bayesian-gan\[onnx\]"):
        write_onnx(tmp_path, *_networks(posterior))
    assert not list(tmp_path.iterdir())
