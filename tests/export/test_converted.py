"""LiteRT and ONNX files, run by their own runtimes, and the distilled student."""

from pathlib import Path

import numpy as np
import pytest
from disagreeing import collected

from bayesian_gan.errors import InputError
from bayesian_gan.export import onnx_files
from bayesian_gan.export.distillation import distill, soft_labels
from bayesian_gan.export.litert import write_litert
from bayesian_gan.export.onnx_files import write_onnx
from bayesian_gan.export.samples import Networks, read
from bayesian_gan.posterior import Posterior


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


def test_a_student_learns_its_teacher(posterior: Posterior) -> None:
    classifier, _ = _networks(posterior)
    images = np.random.default_rng(3).integers(0, 256, (600, 8, 8, 1), dtype=np.uint8)
    before = classifier.weights[-1]
    student = distill(classifier, images, epochs=20, seed=1)
    assert (student.names, len(student)) == (("student",), 1)
    assert classifier.weights[-1] is before

    def distances(networks: Networks) -> list[float]:
        teacher, found = soft_labels(classifier, images), soft_labels(networks, images)
        return [float(np.abs(a - b).mean()) for a, b in zip(teacher, found, strict=True)]

    # Of probabilities and of P(real), on images of noise: 0.60 and 0.69 of where the last member
    # begins.
    start, end = distances(classifier.last()), distances(student)
    assert start[0] > 0.1
    assert end[0] < 0.8 * start[0]
    assert end[1] < 0.8 * start[1]


def test_a_student_is_reproducible(posterior: Posterior) -> None:
    classifier, _ = _networks(posterior)
    # More than one batch, so that the order of the images matters.
    images = np.random.default_rng(4).integers(0, 256, (300, 8, 8, 1), dtype=np.uint8)
    first, again, other = (
        distill(classifier, images, epochs=1, seed=seed).weights[0] for seed in (1, 1, 2)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(first, other, strict=True)) > 1e-4
