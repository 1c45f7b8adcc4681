"""What a posterior says of each picture, from what each of its samples says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesian_gan.evaluation.calibrated import by_chain, calibrated
from bayesian_gan.evaluation.temperature import Tempering
from bayesian_gan.evaluation.uncertainty import entropy, uncertainty

if TYPE_CHECKING:
    from bayesian_gan.posterior.prediction import MemberOutputs


@dataclass(frozen=True, eq=False)
class Answers:
    """Of n pictures.

    Attributes:
        p_real: P(real | x), mean over the samples, float64 [n]; of critics a score.
        probabilities: mean over the samples, float64 [n, K]; with a temperature the calibrated ones.
        entropy: of those, in nats, [n].
        mutual_information: of class and sample, in nats, [n], of the samples as they are; see
            `Uncertainty`.
        votes: the class that each chain's average puts first, integers [n, M].
    """

    p_real: np.ndarray
    probabilities: np.ndarray
    entropy: np.ndarray
    mutual_information: np.ndarray
    votes: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The class that the average puts first, integers [n]."""
        return self.probabilities.argmax(axis=1)


def answers(
    outputs: "MemberOutputs", num_mcmc: int, num_disc: int, tempering: Tempering | None = None
) -> Answers:
    """Averages over samples, in float64.

    Args:
        outputs: of `Posterior.all_samples`: draw by draw, of a draw chain by chain.
        num_mcmc: M, chains.
        num_disc: J_d, discriminators of a chain.
        tempering: of the run; None where it has none.
    """
    p = outputs.probabilities
    parts = uncertainty([p])
    of_chains = by_chain(p, num_mcmc, num_disc)
    average = parts.average if tempering is None else calibrated(of_chains, tempering)
    return Answers(
        p_real=1.0 - outputs.p_fake.mean(axis=0),
        probabilities=average,
        entropy=parts.total if tempering is None else entropy(average),
        mutual_information=parts.epistemic,
        votes=of_chains.argmax(axis=-1).T,
    )
