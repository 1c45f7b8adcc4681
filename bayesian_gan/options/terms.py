"""Options that weigh terms of the energies, beside the likelihood and the prior, and what those terms need."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.objective import WASSERSTEIN, ObjectiveOptions
from bayesian_gan.options.option import Group, Need, option, options_of

ENERGIES = Need(
    lambda config: config.objective != "authors",
    "--objective paper: the authors' losses have no such term",
)
LABELS = Need(lambda config: config.semi, "labels (--semi): without there are no classes")


@dataclass(frozen=True)
class TermOptions(Group):
    """Weights of terms, and what the terms are made with; a weight of 0 leaves its term out."""

    title = ObjectiveOptions.title

    feature_matching: float = option(
        1.0, low=0.0, term="bayesian_gan.gan.terms.feature_matching:FeatureMatching"
    )
    """Weight of the distance of real and fake features in the generators' energies: 1 in the
    authors' program, 0 in the paper's posteriors and in --preset paper. With --wasserstein 0, and
    nothing else.
    """

    matching: Literal["huber", "mean"] = option("huber")
    """What --feature_matching weighs. huber: Huber distance of features, image by image, as in
    the authors' program. mean: squared distance of the minibatch means of features.
    """

    gradient_penalty: float | None = option(
        None,
        above=0.0,
        needs=(WASSERSTEIN,),
        term="bayesian_gan.gan.terms.gradient_penalty:GradientPenalty",
    )
    """Weight of the penalty on the norm of the critic's gradient, in place of clipping, with
    layer normalisation in the critic: 10 in Gulrajani et al. 2017. Needs --wasserstein.
    """

    entropy: float = option(
        0.0, low=0.0, needs=(ENERGIES, LABELS), term="bayesian_gan.gan.terms.entropy:Entropy"
    )
    """Weight of the mean entropy of unlabelled images' class probabilities in the
    discriminators' energies. Not in the paper's posterior.
    """

    consistency: float = option(
        0.0,
        low=0.0,
        needs=(ENERGIES, LABELS),
        term="bayesian_gan.gan.terms.consistency:Consistency",
    )
    """Weight of the squared distance of unlabelled images' class probabilities from those of a
    noise-free discriminator of averaged weights. Not in the paper's posterior.
    """

    class_frequencies: float = option(
        0.0,
        low=0.0,
        needs=(ENERGIES, LABELS),
        term="bayesian_gan.gan.terms.class_frequencies:ClassFrequencies",
    )
    """Weight of KL(q || pi) in the discriminators' energies: q, the class frequencies that one
    predicts for unlabelled images; pi, those of the labels, so equal ones for labels that --N
    drew. Does harm where classes are not that frequent. Not in the paper's posterior.
    """

    neighbours: float = option(
        0.0, low=0.0, needs=(ENERGIES, LABELS), term="bayesian_gan.gan.terms.neighbours:Neighbours"
    )
    """Weight of smooth neighbours on the teacher's graph (Luo et al. 2018): features of
    unlabelled images are drawn together where the averaged weights predict one class for them,
    and kept a margin of 1 apart where they do not. Not in the paper's posterior.
    """

    consistency_ramp: int = option(1500, low=0, unit="iterations")
    """Iterations over which the weights of --consistency and --neighbours rise linearly from 0."""

    label_folds: int = option(
        1,
        low=1,
        needs=(
            LABELS,
            Need(
                lambda config: config.objective != "authors",
                "--objective paper: under --objective authors all chains meet, so none is without a label that "
                "another has",
            ),
        ),
        since="2.0.0",
    )
    """K folds of the labels, of equal class frequencies: chain m learns from all but fold m mod K. What
    the chains say of the labels that they have not seen tells how far probabilities can be
    believed: a temperature of the predictions is fitted to it (docs/explanation/calibration.md). 1: every chain
    learns from all. A run on data of your own that is not told chooses K by the number of labels
    (docs/how-to/calibrate.md). Not in the paper.
    """

    average_decay: float = option(0.999, low=0.0, below=1.0, at_parse=False)
    """Decay, a step, of the averaged weights that --consistency and --neighbours compare with."""


# What there is with labels only: terms over classes, and folds of labels.
NEED_LABELS = tuple(
    name for name, each in options_of(TermOptions).items() if LABELS in each.option.needs
)
