"""What attacks do to a posterior's average, to one sample and to the supervised CNN."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesian_gan.data.input_range import InputRange
from bayesian_gan.evaluation.attacks import Attack, Gradient
from bayesian_gan.evaluation.classification import Classification, classification
from bayesian_gan.evaluation.out_of_distribution import detection
from bayesian_gan.evaluation.uncertainty import uncertainty

if TYPE_CHECKING:
    from bayesian_gan.networks.supervised import SupervisedBaseline
    from bayesian_gan.posterior import Posterior
    from bayesian_gan.posterior.gradients import NllGradient

BATCH = 500


@dataclass(frozen=True, eq=False)
class Said:
    """What a posterior says of n images.

    Attributes:
        average: probabilities of the average over all samples, float64 [n, K].
        last: of the last sample, float64 [n, K].
        scores: by name, [n], the larger the stranger: `entropy` of the average,
            `mutual_information`, and `p_real`, which is 1 - P(real | x).
    """

    average: np.ndarray
    last: np.ndarray
    scores: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Attacked:
    """How the classifiers did under one attack; the errors of each are on images made against it.

    Attributes:
        attack: which; None for the images as they were.
        scores: by name: `supervised`, where there is one, `single` and `average`; and the
            average's on images made against the others, `average_from_supervised` and
            `average_from_single`.
        auroc: by the name of a score of `Said`: how well it tells images attacked through the
            average from the same images as they were, see `detection`; empty for these.
        images: attacked through the average, float32 [n, height, width, channels] in [0, 1].
        classes: what the average takes them for, [n].
    """

    attack: Attack | None
    scores: dict[str, Classification]
    auroc: dict[str, float]
    images: np.ndarray
    classes: np.ndarray


class Robustness:
    """Attacks on test images through each classifier.

    All samples are in memory together, and one sample's activations at a time.

    Args:
        posterior: with labels, and at least one draw.
        images: uint8 [n, height, width, channels].
        labels: their classes, integers [n].
        supervised: the CNN; None leaves it out.
        says_real: whether P(real) is a probability: of Wasserstein critics it is not, and left out.

    Attributes:
        clean: how the classifiers do on the images as they are.

    Raises:
        InputError: nothing is collected, K = 1, or the images do not fit.
    """

    def __init__(
        self,
        posterior: "Posterior",
        images: np.ndarray,
        labels: np.ndarray,
        supervised: "SupervisedBaseline | None" = None,
        says_real: bool = True,
    ) -> None:
        self._samples, self._range = posterior.held_samples(), posterior.input_range
        self._supervised, self._says_real = supervised, says_real
        self.images, self.labels = images.astype(np.float32) / np.float32(255), labels
        self._said = self.said(self.images)
        scores = {
            "single": self._score(self._said.last),
            "average": self._score(self._said.average),
        }
        if supervised is not None:
            scores = {"supervised": self._supervised_score(self.images), **scores}
        classes = self._said.average.argmax(axis=1)
        self.clean = Attacked(None, scores, {}, self.images, classes)

    def under(self, attack: Attack) -> Attacked:
        """Attacks every classifier by its own gradient, and looks at what comes of it."""
        scores, transferred = {}, {}
        if self._supervised is not None:
            made = self._made(attack, self._supervised.nll_gradient, InputRange())
            scores["supervised"] = self._supervised_score(made)
            transferred["average_from_supervised"] = self._score(self.said(made).average)
        said = self.said(self._made(attack, self._samples.last, self._range))
        scores["single"] = self._score(said.last)
        transferred["average_from_single"] = self._score(said.average)
        images = self._made(attack, self._samples.average, self._range)
        said = self.said(images)
        scores["average"] = self._score(said.average)
        auroc = {
            name: detection(inside, said.scores[name]).auroc
            for name, inside in self._said.scores.items()
        }
        classes = said.average.argmax(axis=1)
        return Attacked(attack, scores | transferred, auroc, images, classes)

    def said(self, images: np.ndarray) -> Said:
        """What the samples say of float images [n, ...] in [0, 1], a batch at a time."""
        given = of_range(images, self._range)
        parts = [self._batch_said(given[k : k + BATCH]) for k in range(0, len(given), BATCH)]
        return Said(
            np.concatenate([part.average for part in parts]),
            np.concatenate([part.last for part in parts]),
            {
                name: np.concatenate([part.scores[name] for part in parts])
                for name in parts[0].scores
            },
        )

    def _batch_said(self, images: np.ndarray) -> Said:
        outputs = self._samples.outputs(images)
        found = uncertainty([outputs.probabilities])
        scores = {"entropy": found.total, "mutual_information": found.epistemic}
        if self._says_real:
            scores["p_real"] = outputs.p_fake.mean(axis=0)
        return Said(found.average, outputs.probabilities[-1], scores)

    def _made(self, attack: Attack, nll: "NllGradient", of: InputRange) -> np.ndarray:
        return attack(unit_gradient(nll, of), self.images, self.labels)

    def _score(self, probabilities: np.ndarray) -> Classification:
        return classification(probabilities, self.labels)

    def _supervised_score(self, images: np.ndarray) -> Classification:
        assert self._supervised is not None
        return self._score(self._supervised.predict(of_range(images, InputRange())))


def of_range(images: np.ndarray, of: InputRange) -> np.ndarray:
    """Images in [0, 1] scaled to another range, float32."""
    return np.float32(of.low) + np.float32(of.high - of.low) * images


def unit_gradient(nll: "NllGradient", of: InputRange) -> Gradient:
    """The gradient with respect to images in [0, 1], from one of images in another range.

    From [0, 1] to [-1, 1] the chain rule gives a factor of 2.
    """

    def gradient(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.float32(of.high - of.low) * nll(of_range(images, of), labels)[1]

    return gradient
