"""The prior that options ask for."""

from bayesian_gan.gan.priors.base import Prior
from bayesian_gan.gan.priors.families import Laplace, Normal, StudentT
from bayesian_gan.gan.priors.he_normal import HeNormal
from bayesian_gan.options.objective import PriorName


def named_prior(name: PriorName, std: float, df: float | None) -> Prior:
    """What `--prior`, `--prior_std` and `--prior_df` ask for.

    Args:
        name: of the prior.
        std: its standard deviation.
        df: of Student's t alone.
    """
    if name == "student_t":
        assert df is not None
        return StudentT(std, df)
    return {"normal": Normal, "laplace": Laplace, "he_normal": HeNormal}[name](std)
