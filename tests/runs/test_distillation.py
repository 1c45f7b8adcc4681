"""The distilled student."""

import numpy as np
import pytest
from disagreeing import collected

from bayesian_gan.export.networks import Networks
from bayesian_gan.runs.distillation import distill, soft_labels
from bayesian_gan.runs.samples import read


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    posterior = collected(tmp_path_factory.mktemp("collected") / "posterior", 3)
    return read(posterior, "classifier", "all")


def test_a_student_learns_its_teacher(classifier: Networks) -> None:
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


def test_a_student_is_reproducible_and_says_nothing(
    classifier: Networks, capfd: pytest.CaptureFixture[str]
) -> None:
    # More than one batch, so that the order of the images matters.
    images = np.random.default_rng(4).integers(0, 256, (300, 8, 8, 1), dtype=np.uint8)
    first, again, other = (
        distill(classifier, images, epochs=1, seed=seed).weights[0] for seed in (1, 1, 2)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(first, other, strict=True)) > 1e-4
    assert capfd.readouterr().out == ""
