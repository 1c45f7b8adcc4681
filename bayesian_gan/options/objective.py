"""Options of the energies: whose losses, between whom, and under which prior."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.augment import NONE, shows_pictures
from bayesian_gan.options.option import Group, Need, option

PriorName = Literal["normal", "laplace", "student_t", "he_normal"]
Order = Literal["simultaneous", "generators_first", "discriminators_first"]
WEIGHT_CLIP = 0.01
# Degrees of freedom of --prior student_t: tails far from a normal's, and a kurtosis that is finite.
PRIOR_DF = 5.0

WASSERSTEIN = Need(
    lambda config: config.wasserstein, "--wasserstein: add it, or leave --{name} out"
)
# The normal prior is no change of a default, so it needs nothing.
OWN_PRIOR = Need(
    lambda config: config.objective != "authors",
    "--objective paper: the program's losses have the normal prior written into them; leave one of the two out",
)
OF_STUDENT_T = Need(
    lambda config: config.prior == "student_t", "--prior student_t: add it, or leave --{name} out"
)
INDEPENDENT = Need(
    lambda config: config.objective != "authors",
    "--objective paper: under --objective authors all networks meet, so the DCGANs would not be independent; "
    "leave one of the two out",
)


@dataclass(frozen=True)
class ObjectiveOptions(Group):
    """The objective; the terms that can be added to it are `TermOptions`."""

    title = "objective and terms"

    objective: Literal["paper", "authors", "wasserstein"] = option(
        "paper", choices=("paper", "authors")
    )
    """paper: energies of the paper's posteriors, chains independent, SGHMC after the warm-up. With
    --labelled_weight posterior, --feature_matching 0, no other term, --prior_std 3.1623 and --order
    generators_first, as --preset paper has them, this is the paper's, but for what
    docs/explanation/what_is_sampled.md names; the defaults add the program's feature matching and weight of
    labels. authors: the released program's losses, all pairs, SGD with momentum 0.5 after the
    warm-up (it does not sample).
    """

    prior: PriorName = option("normal", needs=(OWN_PRIOR,), since="2.0.0")
    """Prior of the weights, independent and of mean 0 (docs/explanation/priors.md). normal: N(0, s^2 I), as in
    the paper. laplace, student_t: of heavier tails. he_normal: N(0, 2 / fan-in) for kernels,
    N(0, s^2) for biases and all else. --ml has none.
    """

    prior_std: float = option(1.0, above=0.0)
    """Standard deviation s of every weight under the prior, whichever it is; under he_normal of
    all but the kernels. The paper has sqrt(10) = 3.16.
    """

    prior_df: float | None = option(
        None,
        text="Degrees of freedom of Student's t: the fewer, the heavier the tails. With --prior "
        f"student_t alone {PRIOR_DF:g}.",
        above=2.0,
        at_parse=False,
        needs=(OF_STUDENT_T,),
        why="for a standard deviation",
        since="2.0.0",
    )

    pairing_reduction: Literal["mean", "sum"] = option("mean")
    """Over the networks of the other player: mean, so that each example counts once however many
    networks meet it, or Algorithm 1's sum (not with --objective authors).
    """

    labelled_weight: float | Literal["posterior"] = option(1.0, low=0.0)
    """Weight w_s of the mean over labelled examples beside that over all examples: 1 in the
    authors' program; posterior: labelled examples / all, one likelihood factor for each, as the
    paper writes it (not with --objective authors). With few labels that hardly learns the classes:
    with 100 of 60,000 it left 75% errors where 1 left 8% (docs/research/presets.md).
    """

    order: Order = option("simultaneous", since="2.0.0")
    """Who moves when in an iteration. simultaneous: both players, by gradients at one state.
    generators_first: the generators, then the discriminators against the moved ones, as in the
    paper's Algorithm 1. discriminators_first: the reverse, as in the authors' program. It is part
    of what is sampled (docs/explanation/what_is_sampled.md).
    """

    augment: str = option(
        NONE,
        needs=(
            Need(shows_pictures, "pictures: the data are a table, whose rows cannot be turned"),
            Need(
                lambda config: not (config.jit and "affine" in config.augment),
                "no --jit where it has affine, which XLA cannot compile: leave one of the two out",
            ),
        ),
        since="2.0.0",
    )
    """Have every real image transformed at random, anew in each minibatch, before both players see
    it: none, or some of flip, shift and affine, with commas. flip: mirrored, left for right, every
    other time. shift: moved by whole pixels, up to an eighth of each side. affine: turned by up to
    15 degrees, scaled by 0.88 to 1.12, sheared by up to 0.2, moved by up to a fourteenth of each
    side. A change of the likelihood (docs/explanation/terms.md). Digits and letters are other ones when
    mirrored: no flip for them.
    """

    ml_ensemble: int | None = option(None, low=1, needs=(INDEPENDENT,))
    """Number of DCGANs (see --ml), differently seeded, trained side by side and averaged: the
    paper's DCGAN-10 has 10. Member k is the same however many there are. Excludes --num_mcmc,
    needs num_gen = num_disc = 1.
    """

    wasserstein: bool = option(False, kind="pictures")
    """Wasserstein objective: a critic in place of the discriminator's D, its slope bounded by
    --weight_clip or --gradient_penalty; K class logits beside it with --semi. It is an
    --objective of its own.
    """

    weight_clip: float | None = option(
        None,
        text="Bound c: after every step the critic's weights are clipped to [-c, c]. With --wasserstein "
        f"alone {WEIGHT_CLIP} (Arjovsky et al. 2017).",
        above=0.0,
        needs=(WASSERSTEIN,),
    )
