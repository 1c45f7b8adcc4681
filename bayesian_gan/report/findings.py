"""What a report shows of a run, computed from its folder and, where it is there, its data set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayesian_gan.data.batches import to_uint8
from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.evaluation import classification
from bayesian_gan.evaluation.draws import Convergence
from bayesian_gan.monitoring.convergence import convergence
from bayesian_gan.monitoring.health import is_picture
from bayesian_gan.monitoring.health_log import chain_functionals
from bayesian_gan.networks.generation import draw_noise, generate
from bayesian_gan.posterior import Posterior
from bayesian_gan.report.pngs import read_png
from bayesian_gan.report.tables import Table, read_table
from bayesian_gan.runs.finished import FinishedRun

COLUMNS = 10
MAX_ROWS = 6
MAX_GENERATORS = 24
DIVERSITY_IMAGES = 64
MIXTURE_IMAGES = 400
EVALUATION_FILE = "evaluation.json"


@dataclass(frozen=True)
class Predictions:
    """What every posterior sample says about test images.

    Attributes:
        images: uint8 [n, height, width, channels], evenly spaced in the test set.
        labels: integers [n].
        of: images in the whole test set.
        members: probabilities, float32 [samples, n, K], in the order of collection.
    """

    images: np.ndarray
    labels: np.ndarray
    of: int
    members: np.ndarray

    @property
    def average(self) -> np.ndarray:
        """Float64 [n, K]."""
        return self.members.mean(axis=0, dtype=np.float64)

    def by_number(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Error rate and NLL of the average of the first 1, 2, 4, ... samples, and of all.

        The first array has the numbers of samples, the second the error rates, the third the NLLs.
        """
        count = len(self.members)
        numbers = sorted({*(2**k for k in range(count.bit_length()) if 2**k <= count), count})
        sums = np.cumsum(self.members, axis=0, dtype=np.float64)
        scores = [classification(sums[k - 1] / k, self.labels) for k in numbers]
        return (
            np.array(numbers),
            np.array([s.error_rate for s in scores]),
            np.array([s.nll for s in scores]),
        )


@dataclass(frozen=True)
class Pictures:
    """Generated images; uint8, the last three axes an image.

    Attributes:
        generators: indices of those shown.
        same_z: [generators, COLUMNS, ...], of the last draw, a column for each z.
        interpolations: [rows, COLUMNS, ...], from one z to another.
        evolution: [rows, draws, ...], of one z.
        draws: iterations of its columns.
        deviation: mean over pixels of the standard deviation over z, in grey values, [generators].
    """

    generators: list[int]
    same_z: np.ndarray
    interpolations: np.ndarray
    evolution: np.ndarray
    draws: list[int]
    deviation: np.ndarray


@dataclass(frozen=True)
class OfClass:
    """Generated images that the posterior average takes for one class.

    Attributes:
        images: uint8 [n, height, width, channels], from the one it is surest of to the one it is least.
        probabilities: of the class, float64 [n], falling.
        count: how many of `of` images there are.
        of: images that all generators of the last draw made, in equal parts.
    """

    images: np.ndarray
    probabilities: np.ndarray
    count: int
    of: int


@dataclass
class Findings:
    """All of one run.

    Attributes:
        run: the folder.
        log: `log.csv`.
        health: `health.csv`.
        chains: `functionals.csv`: iterations [draws], and what each chain predicts of fixed images,
            log-odds [draws, M, images].
        convergence: of these; None where there are too few draws.
        evaluation: `evaluation.json`, or None.
        predictions: on test images; None without the data set, labels or samples.
        pictures: None without samples.
        of_classes: for each class; empty without samples or labels.
        film: a GIF of the training; None where it was not asked for.
        real: real images, uint8 [COLUMNS, ...]; None without the data set.
        real_deviation: as `Pictures.deviation`, of real images.
        left_out: what is missing and why, a sentence each.
    """

    run: FinishedRun
    log: Table
    health: Table
    chains: tuple[np.ndarray, np.ndarray]
    convergence: Convergence | None
    evaluation: dict[str, Any] | None = None
    predictions: Predictions | None = None
    pictures: Pictures | None = None
    of_classes: list[OfClass] = field(default_factory=list)
    film: bytes | None = None
    real: np.ndarray | None = None
    real_deviation: float | None = None
    left_out: list[str] = field(default_factory=list)


def find(run: FinishedRun, data_path: str | None = None, num_images: int = 2000) -> Findings:
    """Reads and computes what there is.

    Args:
        run: the folder.
        data_path: where its data set lies now; by default where it was.
        num_images: at most so many test images are predicted by every sample.

    Raises:
        InputError: a file of the run is damaged.
    """
    folder = run.path
    chains = chain_functionals(folder, run.config)
    found = Findings(
        run,
        log=read_table(folder / "log.csv"),
        health=read_table(folder / "health.csv"),
        chains=chains,
        convergence=convergence(chains[1]),
        evaluation=run.read_optional(EVALUATION_FILE),
    )
    if found.evaluation is None:
        found.left_out.append(
            "Scores of the whole test set, of generated images and of images from elsewhere: run "
            f"bayesian-gan evaluate {folder} first."
        )
    data = _data(found, data_path)
    try:
        posterior = run.require_samples()
    except InputError as error:
        found.left_out.append(f"Generated images and predictions: {_reason(error, run)}.")
        return found
    if is_picture(run.image_shape):
        found.pictures = _pictures(posterior)
        if run.config.semi:
            found.of_classes = _of_classes(posterior)
    else:
        found.left_out.append("Generated images: the data are no pictures.")
    if data is None:
        return found
    if found.pictures is not None:
        _add_real(found, data)
    if not run.config.semi:
        found.left_out.append("Predictions of classes: the run has no labels (--nosemi).")
        return found
    if not data.has_test:
        found.left_out.append("Predictions of test images, and their errors: there is no test set.")
        return found
    chosen = _spread(len(data.test_images), num_images)
    images = data.test_images[chosen]
    members = [m.astype(np.float32) for m in posterior.member_probabilities(images)]
    found.predictions = Predictions(
        images, data.test_labels[chosen], len(data.test_images), np.concatenate(members)
    )
    return found


def picture_of(found: Findings, name: str) -> np.ndarray | None:
    """A picture that a command drew into the run's folder, uint8 [height, width, 1 or 3].

    None where it is not there, or cannot be read, of which the report then tells.
    """
    path = found.run.path / name
    if not path.exists():
        return None
    try:
        return np.atleast_3d(np.asarray(read_png(path)))
    except InputError as error:
        found.left_out.append(f"{_reason(error, found.run)}.")
        return None


def _add_real(found: Findings, data: ImageData) -> None:
    images = data.probe_images
    found.real = images[_spread(len(images), COLUMNS)]
    sample = images[_spread(len(images), DIVERSITY_IMAGES)]
    found.real_deviation = _deviation(sample)


def _data(found: Findings, data_path: str | None) -> ImageData | None:
    try:
        return found.run.load_data(data_path)
    except InputError as error:
        found.left_out.append(
            "Test images with predictive bars, calibration, coverage, error against number of samples and real "
            f"images: the data set could not be read ({_reason(error, found.run)}). Give --data_path."
        )
        return None


def _reason(error: Exception, run: FinishedRun) -> str:
    return " ".join(str(error).split()).removeprefix(f"{run.path}: ")


def _pictures(posterior: Posterior) -> Pictures:
    generators = _spread(posterior.num_generators, MAX_GENERATORS)
    same_z, deviation = [], []
    for j in generators:
        images = to_uint8(posterior.generate(DIVERSITY_IMAGES, int(j))).numpy()
        same_z.append(images[:COLUMNS])
        deviation.append(_deviation(images))
    rows = _spread(posterior.num_generators, MAX_ROWS)
    iterations = posterior.iterations
    draws = [iterations[k] for k in _spread(len(iterations), COLUMNS)]
    ends = draw_noise(2, posterior.network("generator").input_shape[-1], 1).numpy()
    steps = np.linspace(0.0, 1.0, COLUMNS, dtype=np.float32)[:, None]
    path = (1.0 - steps) * ends[0] + steps * ends[1]
    return Pictures(
        [int(j) for j in generators],
        np.stack(same_z),
        np.stack([_images(posterior, int(j), iterations[-1], path) for j in rows]),
        np.stack(
            [
                np.concatenate([_images(posterior, int(j), draw, ends[:1]) for draw in draws])
                for j in rows
            ]
        ),
        draws,
        np.array(deviation),
    )


def _of_classes(posterior: Posterior) -> list[OfClass]:
    images = posterior.generate_mixture(MIXTURE_IMAGES, seed=2)[0]
    members = np.concatenate(list(posterior.member_probabilities(images)))
    average = members.mean(axis=0, dtype=np.float64)
    found = []
    for k in range(average.shape[1]):
        own = np.flatnonzero(average.argmax(axis=1) == k)
        own = own[np.argsort(-average[own, k], kind="stable")]
        shown = own[_spread(len(own), COLUMNS)] if len(own) else own
        made = to_uint8(images[shown]).numpy()
        found.append(OfClass(made, average[shown, k], len(own), len(images)))
    return found


def _images(posterior: Posterior, sample: int, iteration: int, z: np.ndarray) -> np.ndarray:
    network = posterior.network("generator")
    network.set_weights(posterior.weights("generator", [(iteration, sample)])[0])
    return to_uint8(generate(network, z)).numpy()


def _deviation(images: np.ndarray) -> float:
    return float(images.astype(np.float64).std(axis=0).mean())


def _spread(count: int, most: int) -> np.ndarray:
    """At most `most` of 0..count - 1, evenly spaced, first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def extremes(predictions: Predictions, scores: np.ndarray, most: int = 12) -> Sequence[int]:
    """Indices of the largest scores that are not minus infinity, the largest first."""
    order = np.argsort(-scores, kind="stable")[:most]
    return [int(i) for i in order if scores[i] > -np.inf]
